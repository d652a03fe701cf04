package app.avalo.gateway.filter.beacon;

/**
 * Remembers for a while what was there, in a table of fixed size. When it has no room for something
 * new it says that it was there: it fails closed. Safe from every thread.
 */
final class OncePer {
  private static final int WAYS = 8;

  private final long[] keys;
  private final int[] untilSeconds;
  private final int rowBits;

  /** Room for {@code 8 << rowBits}, 12 bytes each. */
  OncePer(int rowBits) {
    this.rowBits = rowBits;
    keys = new long[WAYS << rowBits];
    untilSeconds = new int[WAYS << rowBits];
  }

  /** Whether this is the first time, and remembers it until then; seconds since 1970. */
  synchronized boolean first(long key, int nowSeconds, int until) {
    int row = (int) (key * 0x9e37_79b9_7f4a_7c15L >>> 64 - rowBits) * WAYS;
    int free = -1;
    for (int at = row; at < row + WAYS; at++) {
      if (untilSeconds[at] <= nowSeconds) {
        free = at;
      } else if (keys[at] == key) {
        return false;
      }
    }
    if (free < 0) {
      return false;
    }
    keys[free] = key;
    untilSeconds[free] = until;
    return true;
  }
}
