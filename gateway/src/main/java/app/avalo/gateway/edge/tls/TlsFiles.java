package app.avalo.gateway.edge.tls;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.pem.Authorities;
import app.avalo.gateway.pem.KeyPairs;
import io.vertx.core.Vertx;
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
    return new TlsFiles(
        KeyPairs.read(vertx, tls.certificates()), ca == null ? null : Authorities.read(vertx, ca));
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
