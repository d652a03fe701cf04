package app.avalo.gateway.forward.choice;

/**
 * Which callers a region leaves to others because it is nearly full, as one event loop sees it:
 * those who lose least by it first. Above 80 % of the capacity every second a further twentieth of
 * the region's callers goes, below 70 % as many come back; in between nobody moves. Who goes
 * depends on the caller, so the same ones do.
 */
final class Spill {
  private static final double HIGH = 0.80;
  private static final double LOW = 0.70;
  private static final int ALL = 1024;
  private static final int STEP = ALL / 20;
  private static final long STEP_NANOS = 1_000_000_000L;

  /** Requests over which the load is averaged. */
  private static final double SMOOTH = 64;

  /** Losses are told apart to this many milliseconds, up to 64 times it. */
  private static final double BUCKET_MILLIS = 2;

  private final double capacity;
  private final double[] requests = new double[64]; // by loss; older ones count less
  private double load;
  private int gone; // of 1024 callers
  private long steppedNanos;
  private int lastBucket; // callers who lose less than this one's go
  private int ofLast; // of it, so many of 1024

  /**
   * Nobody gone.
   *
   * @param capacity requests in flight that this loop may have there
   */
  Spill(double capacity, long nowNanos) {
    this.capacity = capacity;
    this.steppedNanos = nowNanos;
  }

  /**
   * Whether the region keeps a caller who asks now.
   *
   * @param inFlight requests of this loop there
   * @param lossMillis by which the caller's next region is worse; NaN for unknown
   */
  boolean keeps(int inFlight, double lossMillis, long caller, long nowNanos) {
    load += (inFlight / capacity - load) / SMOOTH;
    requests[bucket(lossMillis)]++;
    if (nowNanos - steppedNanos >= STEP_NANOS) {
      steppedNanos = nowNanos;
      step();
    }
    return stays(lossMillis, caller);
  }

  /** The same as things are, without counting the question. */
  boolean stays(double lossMillis, long caller) {
    int bucket = bucket(lossMillis);
    if (gone == 0 || bucket > lastBucket) {
      return true;
    }
    return bucket == lastBucket && (Affinity.mix(caller) & ALL - 1) >= ofLast;
  }

  private int bucket(double lossMillis) {
    return (int) Math.max(0, Math.min(lossMillis / BUCKET_MILLIS, requests.length - 1));
  }

  /** Share of the capacity that is in use. */
  double load() {
    return load;
  }

  private void step() {
    if (load > HIGH) {
      gone = Math.min(ALL, gone + STEP);
    } else if (load < LOW) {
      gone = Math.max(0, gone - STEP);
    }
    double total = 0;
    for (double some : requests) {
      total += some;
    }
    double left = total * gone / ALL;
    int bucket = 0;
    while (bucket < requests.length - 1 && left >= requests[bucket]) {
      left -= requests[bucket++];
    }
    lastBucket = bucket;
    ofLast = requests[bucket] == 0 ? 0 : (int) Math.min(ALL, ALL * left / requests[bucket]);
    for (int i = 0; i < requests.length; i++) {
      requests[i] /= 2;
    }
  }
}
