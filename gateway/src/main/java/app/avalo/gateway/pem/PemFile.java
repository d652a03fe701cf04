package app.avalo.gateway.pem;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;

/** Reads a PEM file of bounded size; blocks. */
final class PemFile {
  private static final int FILE_BYTES = 1 << 20;

  private PemFile() {}

  static Buffer read(Path file) throws GeneralSecurityException {
    try {
      if (Files.size(file) > FILE_BYTES) {
        throw new GeneralSecurityException(file + ": larger than 1 MiB (expected: PEM)");
      }
      return Buffer.buffer(Files.readAllBytes(file));
    } catch (IOException unreadable) {
      throw new GeneralSecurityException(file + ": cannot be read", unreadable);
    }
  }
}
