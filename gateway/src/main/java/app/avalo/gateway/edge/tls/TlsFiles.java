package app.avalo.gateway.edge.tls;

import app.avalo.gateway.config.ListenerConfig;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a listener's files held when they were read, proved to be usable. Equal when the files hold
 * the same.
 *
 * @param keys certificates with their keys
 * @param clientCa authorities that sign clients' certificates, or null
 */
public record TlsFiles(PemKeyCertOptions keys, @Nullable PemTrustOptions clientCa) {
  /**
   * Reads all files; blocks.
   *
   * @throws GeneralSecurityException if one cannot be used; the message names it
   */
  public static TlsFiles read(Vertx vertx, ListenerConfig.Tls tls) throws GeneralSecurityException {
    Path ca = tls.clientCa();
    return new TlsFiles(KeyPairs.read(vertx, tls), ca == null ? null : authorities(vertx, ca));
  }

  private static PemTrustOptions authorities(Vertx vertx, Path file)
      throws GeneralSecurityException {
    Buffer pem = PemFile.read(file);
    PemTrustOptions trust = new PemTrustOptions().addCertValue(pem);
    try {
      trust.getTrustManagerFactory(vertx);
    } catch (Exception broken) {
      throw new GeneralSecurityException(file + ": " + broken.getMessage(), broken);
    }
    return trust;
  }

  /** Every file that a listener reads, for whoever watches them. */
  public static List<Path> of(ListenerConfig.Tls tls) {
    List<Path> files = new ArrayList<>();
    for (ListenerConfig.KeyPair pair : tls.certificates()) {
      files.add(pair.certificate());
      files.add(pair.key());
    }
    if (tls.clientCa() != null) {
      files.add(tls.clientCa());
    }
    return List.copyOf(files);
  }
}
