package app.avalo.gateway.region.evidence;

/**
 * Share of failed attempts over the last two seconds, from counters sampled at every monitor tick.
 * Control loop only.
 */
public final class TrafficWindow {
  /** Steps that make the window; with the monitor's tick of 250 ms they span two seconds. */
  public static final int STEPS = 8;

  /** Fewer attempts prove nothing. */
  public static final int ENOUGH = 20;

  private final long[] successes = new long[STEPS + 1];
  private final long[] failures = new long[STEPS + 1];
  private int samples;

  /** Adds one sample of the running totals. */
  public void sample(long successesSoFar, long failuresSoFar) {
    int at = samples++ % successes.length;
    successes[at] = successesSoFar;
    failures[at] = failuresSoFar;
  }

  /** Starts anew: only what happens from these totals on counts. */
  public void restart(long successesSoFar, long failuresSoFar) {
    samples = 0;
    sample(successesSoFar, failuresSoFar);
  }

  /** Whether at least half of enough attempts failed. */
  public boolean failing() {
    long failed = span(failures);
    long total = failed + span(successes);
    return total >= ENOUGH && failed * 2 >= total;
  }

  /** Whether anything succeeded lately. */
  public boolean busy() {
    return span(successes) > 0;
  }

  private long span(long[] totals) {
    if (samples == 0) {
      return 0;
    }
    int newest = (samples - 1) % totals.length;
    int oldest = samples <= totals.length ? 0 : samples % totals.length;
    return totals[newest] - totals[oldest];
  }
}
