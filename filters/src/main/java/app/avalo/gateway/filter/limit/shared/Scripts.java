package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.redis.Script;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** What runs inside Redis. */
final class Scripts {
  static final Script BUCKET = load("bucket.lua");
  static final Script LEASE = load("lease.lua");
  static final Script RESET = Script.of("bucket-reset", "return redis.call('DEL', KEYS[1])");

  private Scripts() {}

  private static Script load(String name) {
    return Script.of(name, read("bands.lua") + read(name));
  }

  private static String read(String name) {
    try (InputStream file = Scripts.class.getResourceAsStream(name)) {
      if (file == null) {
        throw new IllegalStateException(name + " is missing from the jar");
      }
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
