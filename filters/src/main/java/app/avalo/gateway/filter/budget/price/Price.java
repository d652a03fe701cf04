package app.avalo.gateway.filter.budget.price;

import app.avalo.gateway.config.BudgetConfig.Cost;

/**
 * Exact arithmetic of what a request costs. Each part is rounded up to a whole micro-unit by
 * itself, and sums stop at the largest number instead of wrapping round.
 */
public final class Price {
  /** A header without a readable cost. */
  static final long UNREADABLE = -1;

  private static final int LONGEST_HEADER = 32;
  private static final int LONGEST_COUNT = 15;
  private static final long THOUSAND = 1000;
  private static final long MILLION = 1_000_000;
  private static final int DECIMALS = 6;
  private static final long MOST_TENTH = (Long.MAX_VALUE - 9) / 10;
  private static final int MEBIBYTE_BITS = 20;
  private static final long MEBIBYTE_MASK = (1L << MEBIBYTE_BITS) - 1;

  private Price() {}

  /**
   * What is reserved: the configured upper bound, and the body when its length is known.
   *
   * @param bodyBytes announced, or 0
   */
  public static long upperBound(Cost cost, long bodyBytes) {
    long body = traffic(cost.perMebibyteIn(), bodyBytes);
    return Math.max(1, Math.max(cost.reserve(), add(cost.perRequest(), body)));
  }

  /**
   * What a request that reached an upstream cost so far, but for what the service tells.
   *
   * @param bytesIn of the request's body
   * @param bytesOut of the answer's body
   * @param millis since the first byte of the answer
   */
  public static long known(Cost cost, long bytesIn, long bytesOut, long millis) {
    long body =
        add(traffic(cost.perMebibyteIn(), bytesIn), traffic(cost.perMebibyteOut(), bytesOut));
    return add(cost.perRequest(), add(body, share(cost.perSecond(), millis)));
  }

  /** A thousandth of a price, times the count, rounded up. */
  static long share(long perThousand, long count) {
    if (count <= 0 || perThousand <= 0) {
      return 0;
    }
    long part = multiply(count % THOUSAND, perThousand);
    long rounded = part / THOUSAND + (part % THOUSAND == 0 ? 0 : 1);
    return add(multiply(count / THOUSAND, perThousand), rounded);
  }

  /** Micro-units for this many bytes, rounded up. */
  static long traffic(long perMebibyte, long bytes) {
    if (bytes <= 0 || perMebibyte <= 0) {
      return 0;
    }
    long whole = bytes >>> MEBIBYTE_BITS;
    long rest = bytes & MEBIBYTE_MASK;
    long part = multiply(rest, perMebibyte);
    long rounded = (part >>> MEBIBYTE_BITS) + ((part & MEBIBYTE_MASK) == 0 ? 0 : 1);
    return add(multiply(whole, perMebibyte), rounded);
  }

  /** Whole bytes that this many micro-units pay for. */
  public static long bytes(long perMebibyte, long micros) {
    if (perMebibyte <= 0) {
      return Long.MAX_VALUE;
    }
    long scaled = multiply(micros, 1L << MEBIBYTE_BITS);
    return scaled / perMebibyte;
  }

  /**
   * Reads a cost in units of the currency, {@code 0.0125}. No sign, no exponent; decimals beyond
   * the sixth round up. Above the ceiling nothing is believed: one header must not end a month.
   */
  public static long parse(String header, long ceiling) {
    if (header.isEmpty() || header.length() > LONGEST_HEADER) {
      return UNREADABLE;
    }
    long micros = 0;
    int decimals = -1;
    int digits = 0;
    boolean more = false;
    for (int i = 0; i < header.length(); i++) {
      char c = header.charAt(i);
      if (c == '.' && decimals < 0) {
        decimals = 0;
      } else if (c < '0' || c > '9') {
        return UNREADABLE;
      } else if (decimals >= DECIMALS) {
        more |= c != '0';
        digits++;
      } else {
        micros = micros > MOST_TENTH ? Long.MAX_VALUE : micros * 10 + (c - '0');
        decimals += decimals < 0 ? 0 : 1;
        digits++;
      }
    }
    for (int scale = Math.max(0, decimals); scale < DECIMALS; scale++) {
      micros = multiply(micros, 10);
    }
    micros = more ? add(micros, 1) : micros;
    return digits == 0 || micros > ceiling ? UNREADABLE : micros;
  }

  /** Reads a count of at most fifteen digits. */
  static long parseCount(String header) {
    if (header.isEmpty() || header.length() > LONGEST_COUNT) {
      return UNREADABLE;
    }
    long count = 0;
    for (int i = 0; i < header.length(); i++) {
      int digit = header.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return UNREADABLE;
      }
      count = count * 10 + digit;
    }
    return count;
  }

  /**
   * A share of an amount in whole numbers, rounded down.
   *
   * @param share from 0 to 1, known to a millionth
   */
  public static long part(long micros, double share) {
    long millionths = Math.round(share * MILLION);
    return micros / MILLION * millionths + micros % MILLION * millionths / MILLION;
  }

  /** The sum of two amounts that are not negative, at most the largest number. */
  public static long add(long a, long b) {
    long sum = a + b;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }

  /** The sum of any two amounts, between the smallest and the largest number. */
  public static long signed(long a, long b) {
    long sum = a + b;
    boolean wrapped = ((a ^ sum) & (b ^ sum)) < 0;
    return wrapped ? (a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : sum;
  }

  /** The product of two amounts that are not negative, likewise. */
  public static long multiply(long a, long b) {
    return Math.multiplyHigh(a, b) != 0 || a * b < 0 ? Long.MAX_VALUE : a * b;
  }
}
