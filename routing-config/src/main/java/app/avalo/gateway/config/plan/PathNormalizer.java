package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.ListenerConfig.EncodedSlash;
import org.jspecify.annotations.Nullable;

/**
 * One spelling for each path, fixed before anything is matched: what the gateway authorises is what
 * the upstream sees.
 *
 * <p>The normal form follows RFC 3986 section 6.2.2: percent-encoded unreserved characters are
 * decoded, other percent-encodings are written in upper case, dot segments are removed, and,
 * further than the RFC goes, repeated slashes become one. Nothing else is decoded, so the form is
 * its own normal form.
 *
 * <p>Refused, because two parsers may read them differently: a path that does not start with a
 * slash; control characters, spaces, characters beyond ASCII and {@code " # < > ? ` { }}, which
 * neither RFC 3986 allows nor a browser sends; a backslash, raw or encoded; an encoded slash unless
 * the listener says otherwise; an encoded control character; a percent sign without two hexadecimal
 * digits; a dot segment with parameters ({@code /..;x/}); a path that climbs above the root. {@code
 * [ ] ^ |} pass, since browsers send them as they are.
 */
public final class PathNormalizer {
  private static final byte REFUSED = 0;

  /** Stands for itself. */
  private static final byte PLAIN = 1;

  /** Stands for itself, and is decoded when percent-encoded. */
  private static final byte UNRESERVED = 2;

  private static final byte[] CLASSES = classes();

  private PathNormalizer() {}

  private static byte[] classes() {
    byte[] classes = new byte[128];
    for (char c : "/!$&'()*+,;=:@%[]^|".toCharArray()) {
      classes[c] = PLAIN;
    }
    for (char c = '0'; c <= 'z'; c++) {
      if (Character.isLetterOrDigit(c)) {
        classes[c] = UNRESERVED;
      }
    }
    for (char c : "-._~".toCharArray()) {
      classes[c] = UNRESERVED;
    }
    return classes;
  }

  /**
   * The normal form of a raw path, or null if it must be refused with 400. A path in normal form is
   * returned as it is. Linear; the caller bounds the length.
   *
   * @param raw path of the request target as sent, without query
   */
  public static @Nullable String normalize(String raw) {
    return normalize(raw, EncodedSlash.REJECT);
  }

  /**
   * The same where an encoded slash is not refused. What is kept stays {@code %2F}; what is decoded
   * becomes a slash before dot segments are removed, so that nothing hides behind it.
   */
  public static @Nullable String normalize(String raw, EncodedSlash slash) {
    int length = raw.length();
    if (length == 0 || raw.charAt(0) != '/') {
      return null;
    }
    boolean afterSlash = false;
    for (int i = 0; i < length; i++) {
      char c = raw.charAt(i);
      if (c >= 128 || CLASSES[c] == REFUSED) {
        return null;
      }
      if (c == '%' || afterSlash && (c == '.' || c == '/')) {
        return rewrite(raw, slash);
      }
      afterSlash = c == '/';
    }
    return raw;
  }

  private static @Nullable String rewrite(String raw, EncodedSlash slash) {
    char[] path = new char[raw.length()];
    int length = decode(raw, path, slash);
    if (length >= 0) {
      length = removeDots(path, length);
    }
    if (length < 0) {
      return null;
    }
    return length == raw.length() ? same(raw, path) : new String(path, 0, length);
  }

  private static String same(String raw, char[] path) {
    String normal = new String(path);
    return normal.equals(raw) ? raw : normal;
  }

  /** Decodes what is unreserved into {@code to}; the new length, or -1 to refuse. */
  private static int decode(String raw, char[] to, EncodedSlash slash) {
    int out = 0;
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c >= 128 || CLASSES[c] == REFUSED) {
        return -1;
      }
      if (c != '%') {
        to[out++] = c;
        continue;
      }
      int octet = octet(raw, i + 1);
      if (octet < 0x20
          || octet == 0x7f
          || octet == '\\'
          || octet == '/' && slash == EncodedSlash.REJECT) {
        return -1;
      }
      if (octet == '/' && slash == EncodedSlash.DECODE) {
        to[out++] = '/';
      } else if (octet < 128 && CLASSES[octet] == UNRESERVED) {
        to[out++] = (char) octet;
      } else {
        to[out++] = '%';
        to[out++] = upper(raw.charAt(i + 1));
        to[out++] = upper(raw.charAt(i + 2));
      }
      i += 2;
    }
    return out;
  }

  /** The value of two hexadecimal digits, or -1. */
  private static int octet(String raw, int at) {
    if (at + 2 > raw.length()) {
      return -1;
    }
    int high = digit(raw.charAt(at));
    int low = digit(raw.charAt(at + 1));
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  private static int digit(char c) {
    return c < 128 ? Character.digit(c, 16) : -1;
  }

  private static char upper(char digit) {
    return digit >= 'a' ? (char) (digit - 32) : digit;
  }

  /**
   * Removes dot segments (RFC 3986 section 5.2.4) and empty segments in place; the new length, or
   * -1 to refuse. The output never overtakes the input.
   */
  private static int removeDots(char[] path, int length) {
    int out = 0;
    int start = 1;
    while (start <= length) {
      int end = start;
      while (end < length && path[end] != '/') {
        end++;
      }
      int dots = dots(path, start, end);
      boolean last = end == length;
      if (dots > 0 && dots < end - start) {
        return -1;
      }
      if (dots == 2) {
        if (out == 0) {
          return -1;
        }
        do {
          out--;
        } while (path[out] != '/');
      }
      if (dots == 0 && end > start) {
        path[out++] = '/';
        System.arraycopy(path, start, path, out, end - start);
        out += end - start;
      } else if (last) {
        path[out++] = '/';
      }
      start = end + 1;
    }
    return out;
  }

  /** 1 or 2 if a segment is that many dots, alone or before a {@code ;}; otherwise 0. */
  private static int dots(char[] path, int start, int end) {
    int at = start;
    while (at < end && path[at] == '.') {
      at++;
    }
    int dots = at - start;
    return dots <= 2 && (at == end || path[at] == ';') ? dots : 0;
  }
}
