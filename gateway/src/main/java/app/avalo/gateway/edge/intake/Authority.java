package app.avalo.gateway.edge.intake;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the host out of {@code Host}, {@code :authority} or an absolute request target. */
public final class Authority {
  private static final int LONGEST = 255 + 6;

  private Authority() {}

  /** The host in lower case and without port, or null if this is no host and port. */
  public static @Nullable String host(@Nullable String authority) {
    if (authority == null || authority.isEmpty() || authority.length() > LONGEST) {
      return null;
    }
    int end = authority.length();
    if (authority.charAt(0) == '[') {
      int close = authority.indexOf(']');
      if (close < 0 || close + 1 < end && authority.charAt(close + 1) != ':') {
        return null;
      }
      end = close + 1;
    } else {
      int colon = authority.indexOf(':');
      end = colon < 0 ? end : colon;
    }
    if (!isPort(authority, end) || !isHost(authority, end)) {
      return null;
    }
    String host = end == authority.length() ? authority : authority.substring(0, end);
    return isLower(host) ? host : host.toLowerCase(Locale.ROOT);
  }

  private static boolean isPort(String authority, int at) {
    if (authority.length() - at > 6) {
      return false;
    }
    for (int i = at + 1; i < authority.length(); i++) {
      if (authority.charAt(i) < '0' || authority.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  private static boolean isHost(String authority, int end) {
    for (int i = 0; i < end; i++) {
      char c = authority.charAt(i);
      boolean allowed =
          c >= 'a' && c <= 'z'
              || c >= 'A' && c <= 'Z'
              || c >= '0' && c <= '9'
              || c == '-'
              || c == '.'
              || c == '_'
              || authority.charAt(0) == '[' && (c == '[' || c == ']' || c == ':');
      if (!allowed) {
        return false;
      }
    }
    return end > 0;
  }

  private static boolean isLower(String host) {
    for (int i = 0; i < host.length(); i++) {
      if (host.charAt(i) >= 'A' && host.charAt(i) <= 'Z') {
        return false;
      }
    }
    return true;
  }
}
