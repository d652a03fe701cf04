package app.avalo.gateway.config.unit;

/** Counts of bytes as operators write them: {@code 16KiB}, {@code 10MiB}, {@code 512B}. */
public final class Sizes {
  private static final String[] UNITS = {"GiB", "MiB", "KiB", "B"};

  private Sizes() {}

  /** A whole number of one unit in bytes, or -1 if the text is not one. */
  public static long parse(String text) {
    int digits = 0;
    while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
      digits++;
    }
    if (digits == 0 || digits > 9) {
      return -1;
    }
    String unit = text.substring(digits);
    for (int i = 0; i < UNITS.length; i++) {
      if (UNITS[i].equals(unit)) {
        return Long.parseLong(text.substring(0, digits)) << shift(i);
      }
    }
    return -1;
  }

  /** The count in the largest unit that holds it exactly. */
  public static String format(long bytes) {
    for (int i = 0; i < UNITS.length - 1; i++) {
      if (bytes != 0 && (bytes & ((1L << shift(i)) - 1)) == 0) {
        return (bytes >> shift(i)) + UNITS[i];
      }
    }
    return bytes + "B";
  }

  private static int shift(int unit) {
    return 10 * (UNITS.length - 1 - unit);
  }
}
