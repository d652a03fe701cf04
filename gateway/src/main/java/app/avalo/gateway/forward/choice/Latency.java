package app.avalo.gateway.forward.choice;

/**
 * The time within which nearly all answers of a route came lately, as one event loop saw it: the
 * 95th percentile, exact to a fifth, of some hundred answers. Recording takes a few nanoseconds.
 */
final class Latency {
  /** Answers before there is anything to say, and between two looks. */
  private static final int ENOUGH = 64;

  /** Answers after which all before count half. */
  private static final int MANY = 1024;

  /** Four buckets for each doubling, from 2^16 ns, 65 us, to 2^36 ns, 69 s. */
  private static final int LEAST_BITS = 16;

  private static final int MOST_BITS = 36;

  private final int[] counts = new int[(MOST_BITS - LEAST_BITS) * 4];
  private int fresh;
  private long nearlyAllNanos;

  void record(long nanos) {
    counts[bucket(nanos)]++;
    if (++fresh == ENOUGH) {
      fresh = 0;
      look();
    }
  }

  /** The time, or 0 while too few answers are known. */
  long nearlyAllNanos() {
    return nearlyAllNanos;
  }

  private static int bucket(long nanos) {
    long inRange = Math.max(1L << LEAST_BITS, Math.min(nanos, (1L << MOST_BITS) - 1));
    int bits = 63 - Long.numberOfLeadingZeros(inRange);
    return (bits - LEAST_BITS) * 4 + (int) (inRange >>> bits - 2 & 3);
  }

  /** The longest time that falls into a bucket. */
  private static long upperNanos(int bucket) {
    return (5L + (bucket & 3)) << LEAST_BITS - 2 + (bucket >>> 2);
  }

  private void look() {
    int total = 0;
    for (int count : counts) {
      total += count;
    }
    int slowest = total / 20;
    int bucket = counts.length;
    for (int above = 0; above <= slowest; ) {
      above += counts[--bucket];
    }
    nearlyAllNanos = upperNanos(bucket);
    if (total >= MANY) {
      for (int i = 0; i < counts.length; i++) {
        counts[i] >>>= 1;
      }
    }
  }
}
