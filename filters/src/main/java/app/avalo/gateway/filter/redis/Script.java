package app.avalo.gateway.filter.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A Lua script that runs inside Redis.
 *
 * @param name for logs and metrics
 * @param source Lua
 * @param sha1 hexadecimal digest of the source, as {@code EVALSHA} wants it
 */
public record Script(String name, String source, String sha1) {
  /** The script that stands beside a class, as {@code <name>.lua}. */
  public static Script beside(Class<?> user, String name) {
    try (InputStream source = user.getResourceAsStream(name + ".lua")) {
      if (source == null) {
        throw new IllegalStateException(name + ".lua is missing from the jar");
      }
      return of(name, new String(source.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** The script of this source. */
  public static Script of(String name, String source) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-1").digest(source.getBytes(StandardCharsets.UTF_8));
      return new Script(name, source, HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
