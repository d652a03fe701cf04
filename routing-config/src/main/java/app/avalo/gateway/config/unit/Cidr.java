package app.avalo.gateway.config.unit;

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

  /** Whether the address, IPv4 in mapped form, lies in this block. */
  public boolean contains(IpAddress address) {
    return (address.high() & highMask(bits)) == high && (address.low() & lowMask(bits)) == low;
  }

  private static long highMask(int bits) {
    return bits <= 0 ? 0 : bits >= 64 ? -1L : -1L << (64 - bits);
  }

  private static long lowMask(int bits) {
    return bits <= 64 ? 0 : bits >= 128 ? -1L : -1L << (128 - bits);
  }
}
