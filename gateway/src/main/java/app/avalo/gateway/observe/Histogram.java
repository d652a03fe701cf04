package app.avalo.gateway.observe;

/**
 * Durations in fixed buckets. The platform's targets (0.1, 0.2, 0.4, 0.5, 1 and 1.2 s) are bounds,
 * so alerts on them are exact. One writer.
 */
final class Histogram {
  private static final double[] BOUNDS = {
    0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.2, 2, 3, 5, 10, 30
  };

  /** One bucket per bound, one for what is over the last, and the sum in nanoseconds. */
  static final int CELLS = BOUNDS.length + 2;

  private static final long[] NANOS = nanos();

  private final Cells cells = new Cells(CELLS);

  private static long[] nanos() {
    long[] nanos = new long[BOUNDS.length];
    for (int i = 0; i < nanos.length; i++) {
      nanos[i] = Math.round(BOUNDS[i] * 1e9);
    }
    return nanos;
  }

  /** Upper bounds in seconds; the last is infinite. */
  static double[] bounds() {
    double[] bounds = java.util.Arrays.copyOf(BOUNDS, BOUNDS.length + 1);
    bounds[BOUNDS.length] = Double.POSITIVE_INFINITY;
    return bounds;
  }

  void record(long nanos) {
    long duration = Math.max(0, nanos);
    int bucket = 0;
    while (bucket < NANOS.length && duration > NANOS[bucket]) {
      bucket++;
    }
    cells.add(bucket, 1);
    cells.add(CELLS - 1, duration);
  }

  void addTo(long[] sums) {
    cells.addTo(sums);
  }
}
