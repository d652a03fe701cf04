package app.avalo.gateway.config.unit;

import org.jspecify.annotations.Nullable;

/**
 * An address as two longs, IPv4 in mapped form ({@code ::ffff:a.b.c.d}), so that both families
 * compare, hash and match blocks alike. Parsing never asks a name server.
 *
 * @param high upper 64 bits
 * @param low lower 64 bits
 */
public record IpAddress(long high, long low) {
  private static final long MAPPED = 0xffff_0000_0000L;

  /** The address of four bytes, first byte highest. */
  public static IpAddress v4(int bits) {
    return new IpAddress(0, MAPPED | (bits & 0xffff_ffffL));
  }

  /** The address of 4 or 16 bytes in network order, as {@code InetAddress.getAddress} gives it. */
  public static IpAddress of(byte[] bytes) {
    if (bytes.length == 4) {
      return v4((int) word(bytes, 0, 4));
    }
    if (bytes.length != 16) {
      throw new IllegalArgumentException(bytes.length + " bytes (expected 4 or 16)");
    }
    return new IpAddress(word(bytes, 0, 8), word(bytes, 8, 8));
  }

  private static long word(byte[] bytes, int from, int length) {
    long word = 0;
    for (int i = from; i < from + length; i++) {
      word = word << 8 | (bytes[i] & 0xff);
    }
    return word;
  }

  /** The address written as text (no zone, no port, no brackets), or null if it is not one. */
  public static @Nullable IpAddress parse(String text) {
    return text.indexOf(':') >= 0 ? parseV6(text) : parseV4(text);
  }

  private static @Nullable IpAddress parseV4(String text) {
    long bits = v4Bits(text, 0, text.length());
    return bits < 0 ? null : v4((int) bits);
  }

  /** The 32 bits of a dotted quad in {@code text[from, to)}, or -1. */
  private static long v4Bits(String text, int from, int to) {
    long bits = 0;
    int parts = 0;
    int at = from;
    while (parts < 4) {
      int start = at;
      int value = 0;
      while (at < to && at - start < 3 && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        value = value * 10 + text.charAt(at++) - '0';
      }
      boolean leadingZero = at - start > 1 && text.charAt(start) == '0';
      if (at == start || value > 255 || leadingZero) {
        return -1;
      }
      bits = bits << 8 | value;
      if (++parts < 4 && (at >= to || text.charAt(at++) != '.')) {
        return -1;
      }
    }
    return at == to ? bits : -1;
  }

  private static @Nullable IpAddress parseV6(String text) {
    if (text.length() > 45) {
      return null;
    }
    long[] words = {0, 0};
    int groups = 0;
    int gap = -1;
    int at = 0;
    int end = text.length();
    if (text.startsWith("::")) {
      gap = 0;
      at = 2;
    } else if (text.charAt(0) == ':') {
      return null;
    }
    while (at < end) {
      int start = at;
      int value = 0;
      while (at < end && at - start < 4 && Character.digit(text.charAt(at), 16) >= 0) {
        value = value << 4 | Character.digit(text.charAt(at++), 16);
      }
      if (at < end && text.charAt(at) == '.' && groups <= 6) {
        long bits = v4Bits(text, start, end);
        if (bits < 0) {
          return null;
        }
        put(words, groups++, (int) (bits >>> 16));
        put(words, groups++, (int) (bits & 0xffff));
        at = end;
        break;
      }
      if (at == start || groups == 8) {
        return null;
      }
      put(words, groups++, value);
      if (at == end) {
        break;
      }
      if (text.charAt(at++) != ':' || at == end) {
        return null;
      }
      if (text.charAt(at) == ':') {
        if (gap >= 0) {
          return null;
        }
        gap = groups;
        at++;
      }
    }
    return groups == 8 && gap < 0 ? new IpAddress(words[0], words[1]) : expand(words, groups, gap);
  }

  private static void put(long[] words, int group, int value) {
    words[group >> 2] |= (long) (value & 0xffff) << (48 - 16 * (group & 3));
  }

  /** Moves the groups after a {@code ::} to the end; null when there is no room or no gap. */
  private static @Nullable IpAddress expand(long[] words, int groups, int gap) {
    if (gap < 0 || groups >= 8) {
      return null;
    }
    long[] moved = {0, 0};
    for (int i = 0; i < groups; i++) {
      int value = (int) (words[i >> 2] >>> (48 - 16 * (i & 3))) & 0xffff;
      put(moved, i < gap ? i : i + 8 - groups, value);
    }
    return new IpAddress(moved[0], moved[1]);
  }

  /** Whether this is an IPv4 address, held in mapped form. */
  public boolean isV4() {
    return high == 0 && low >>> 32 == 0xffff;
  }

  /** The 4 or 16 bytes in network order. */
  public byte[] bytes() {
    int length = isV4() ? 4 : 16;
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      int fromEnd = length - 1 - i;
      bytes[i] = (byte) (fromEnd < 8 ? low >>> (8 * fromEnd) : high >>> (8 * (fromEnd - 8)));
    }
    return bytes;
  }

  /** Dotted quad, or eight groups of hexadecimal digits without leading zeros. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(39);
    if (isV4()) {
      text.append(low >>> 24 & 0xff).append('.').append(low >>> 16 & 0xff).append('.');
      return text.append(low >>> 8 & 0xff).append('.').append(low & 0xff).toString();
    }
    for (int group = 0; group < 8; group++) {
      long word = group < 4 ? high : low;
      text.append(group == 0 ? "" : ":");
      text.append(Long.toHexString(word >>> (48 - 16 * (group & 3)) & 0xffff));
    }
    return text.toString();
  }
}
