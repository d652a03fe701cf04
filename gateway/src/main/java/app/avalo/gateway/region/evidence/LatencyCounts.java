package app.avalo.gateway.region.evidence;

import java.util.concurrent.atomic.LongAdder;

/**
 * Answers counted by how long they took, in quarter octaves from 0.3 ms to 4 minutes: a bound is at
 * most a quarter above the one before. Any loop adds; one shift, one striped counter.
 */
public final class LatencyCounts {
  static final int BUCKETS = 80;
  private static final int FIRST_OCTAVE = 8; // 2^8 units of 1,024 ns

  private final LongAdder[] buckets = new LongAdder[BUCKETS];

  public LatencyCounts() {
    for (int i = 0; i < BUCKETS; i++) {
      buckets[i] = new LongAdder();
    }
  }

  /** Counts one answer. */
  public void add(long nanos) {
    buckets[bucket(nanos)].increment();
  }

  long sum(int bucket) {
    return buckets[bucket].sum();
  }

  static int bucket(long nanos) {
    long units = Math.max(nanos, 0) >>> 10;
    int octave = 63 - Long.numberOfLeadingZeros(units | 1);
    if (octave < FIRST_OCTAVE) {
      return 0;
    }
    int quarter = (int) (units >>> octave - 2) & 3;
    return Math.min(BUCKETS - 1, (octave - FIRST_OCTAVE) * 4 + quarter);
  }

  /** What everything in a bucket stays below. */
  static long boundNanos(int bucket) {
    long octave = 1L << FIRST_OCTAVE + bucket / 4;
    return octave * (5 + bucket % 4) / 4 << 10;
  }
}
