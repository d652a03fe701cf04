package app.avalo.gateway.forward.head;

import io.vertx.core.MultiMap;
import java.util.Set;

/**
 * Headers that only the gateway may send to services. A client's are dropped however they are
 * spelled: many services read an underscore as a hyphen, and letters in any case.
 */
public final class InternalHeaders {
  private static final String[] PREFIXES = {"x-pin-", "x-avalo-"};

  /**
   * Ours as well, but as such dropped or overwritten by the copy; only the odd spelling is left.
   */
  private static final String[] WRITTEN = {"x-forwarded-", "x-request-id"};

  private InternalHeaders() {}

  /** Whether a client's header of this name is dropped. */
  public static boolean isInternal(CharSequence name) {
    if (name.length() < 7 || (name.charAt(0) | 0x20) != 'x' || plain(name.charAt(1)) != '-') {
      return false;
    }
    return begins(name, PREFIXES) || hasUnderscore(name) && begins(name, WRITTEN);
  }

  private static boolean begins(CharSequence name, String[] prefixes) {
    for (String prefix : prefixes) {
      if (begins(name, prefix)) {
        return true;
      }
    }
    return false;
  }

  private static boolean begins(CharSequence name, String prefix) {
    if (name.length() < prefix.length()) {
      return false;
    }
    for (int i = 0; i < prefix.length(); i++) {
      if (plain(name.charAt(i)) != prefix.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static char plain(char c) {
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
  }

  private static boolean hasUnderscore(CharSequence name) {
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) == '_') {
        return true;
      }
    }
    return false;
  }

  /** Drops them. */
  public static void strip(MultiMap headers) {
    for (String name : Set.copyOf(headers.names())) {
      if (isInternal(name)) {
        headers.remove(name);
      }
    }
  }
}
