package app.avalo.gateway.pem;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemTrustOptions;
import java.nio.file.Path;
import java.security.GeneralSecurityException;

/** Reads the certificates of authorities. */
public final class Authorities {
  private Authorities() {}

  /**
   * Reads all of a file; blocks.
   *
   * @throws GeneralSecurityException if it cannot be used; the message names it
   */
  public static PemTrustOptions read(Vertx vertx, Path file) throws GeneralSecurityException {
    Buffer pem = PemFile.read(file);
    PemTrustOptions trust = new PemTrustOptions().addCertValue(pem);
    try {
      trust.getTrustManagerFactory(vertx);
    } catch (Exception broken) {
      throw new GeneralSecurityException(file + ": " + broken.getMessage(), broken);
    }
    return trust;
  }
}
