package app.avalo.gateway.config.unit;

import org.jspecify.annotations.Nullable;

/**
 * A block of addresses, {@code 10.0.0.0/8} or {@code 2001:db8::/32}. IPv4 is held in its
 * IPv4-mapped form, so that {@code ::ffff:10.1.2.3} is inside {@code 10.0.0.0/8}.
 *
 * @param high upper 64 bits of the network address
 * @param low lower 64 bits of the network address
 * @param bits prefix length counted on 128 bits, 0 to 128 (an IPv4 /8 is 104)
 */
public record Cidr(long high, long low, int bits) {
  public Cidr {
    if (bits < 0 || bits > 128) {
      throw new IllegalArgumentException(bits + " (expected a prefix of 0 to 128 bits)");
    }
    high &= highMask(bits);
    low &= lowMask(bits);
  }

  /** The block written as text, a single address included, or null if it is not one. */
  public static @Nullable Cidr parse(String text) {
    int slash = text.indexOf('/');
    IpAddress address = IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
    if (address == null) {
      return null;
    }
    boolean v4 = text.indexOf(':') < 0;
    int width = v4 ? 32 : 128;
    int bits = slash < 0 ? width : prefix(text, slash + 1);
    if (bits < 0 || bits > width) {
      return null;
    }
    return new Cidr(address.high(), address.low(), v4 ? bits + 96 : bits);
  }

  /** One to three digits without a leading zero to the end of the text, or -1. */
  private static int prefix(String text, int from) {
    int length = text.length() - from;
    if (length < 1 || length > 3 || (length > 1 && text.charAt(from) == '0')) {
      return -1;
    }
    int value = 0;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      value = value * 10 + c - '0';
    }
    return value;
  }

  /** Whether every address is inside. */
  public boolean isEverything() {
    return bits == 0 || (isV4() && bits == 96);
  }

  private boolean isV4() {
    return bits >= 96 && high == 0 && low >>> 32 == 0xffff;
  }

  /** Whether the address, IPv4 in mapped form, lies in this block. */
  public boolean contains(IpAddress address) {
    return (address.high() & highMask(bits)) == high && (address.low() & lowMask(bits)) == low;
  }

  /** The highest address in this block. */
  IpAddress last() {
    return new IpAddress(high | ~highMask(bits), low | ~lowMask(bits));
  }

  private static long highMask(int bits) {
    return bits <= 0 ? 0 : bits >= 64 ? -1L : -1L << (64 - bits);
  }

  private static long lowMask(int bits) {
    return bits <= 64 ? 0 : bits >= 128 ? -1L : -1L << (128 - bits);
  }

  /** The block as operators write it, with the host bits cleared. */
  @Override
  public String toString() {
    return new IpAddress(high, low) + "/" + (isV4() ? bits - 96 : bits);
  }
}
