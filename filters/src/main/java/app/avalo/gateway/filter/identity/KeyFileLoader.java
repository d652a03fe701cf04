package app.avalo.gateway.filter.identity;

import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.identity.jose.MalformedException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Reads a PEM file on a worker thread. The whole file each time, not its date: dates have the
 * resolution of a tick and stand still when a mounted secret is swapped.
 */
final class KeyFileLoader implements KeySource.Loader {
  /** How soon a changed file is noticed. */
  static final Duration EVERY = Duration.ofSeconds(5);

  private static final int MAX_BYTES = 64 * 1024;

  private final Vertx vertx;
  private final Path file;

  KeyFileLoader(Vertx vertx, Path file) {
    this.vertx = vertx;
    this.file = file;
  }

  @Override
  public Future<KeySet> load() {
    return vertx.executeBlocking(this::read, false);
  }

  private KeySet read() throws IOException, MalformedException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new MalformedException("more than " + MAX_BYTES + " bytes");
      }
      return KeySet.ofPem(new String(bytes, StandardCharsets.US_ASCII));
    }
  }
}
