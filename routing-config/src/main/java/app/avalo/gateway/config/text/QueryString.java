package app.avalo.gateway.config.text;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads single parameters of a raw query string without building a map. */
public final class QueryString {
  private QueryString() {}

  /** The decoded first value, empty for a name without value, null when absent or malformed. */
  public static @Nullable String first(String raw, String name) {
    int from = 0;
    while (from <= raw.length()) {
      int end = raw.indexOf('&', from);
      end = end < 0 ? raw.length() : end;
      int equals = raw.indexOf('=', from);
      int nameEnd = equals < 0 || equals > end ? end : equals;
      String key = decode(raw, from, nameEnd);
      if (name.equals(key)) {
        return nameEnd == end ? "" : decode(raw, nameEnd + 1, end);
      }
      from = end + 1;
    }
    return null;
  }

  private static @Nullable String decode(String raw, int from, int to) {
    String part = raw.substring(from, to);
    if (part.indexOf('%') < 0 && part.indexOf('+') < 0) {
      return part;
    }
    try {
      return URLDecoder.decode(part, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }
}
