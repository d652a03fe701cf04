package app.avalo.gateway.region.evidence;

import java.time.Duration;

/**
 * Whether an endpoint keeps requests waiting longer than is believable. Two rules, whichever comes
 * first; both at least 250 ms:
 *
 * <ul>
 *   <li>Requests keep coming and answers stopped: a gap of 18.4 mean distances between answers has
 *       a chance of 1e-8 if they come as a Poisson process (phi of 8; Hayashibara, Defago, Yared,
 *       Katayama 2004).
 *   <li>A request waits twice as long as 99 % of the usual answers take; a second while that is not
 *       known.
 * </ul>
 *
 * <p>Told once until the next answer: one slow request does not suspect its endpoint again and
 * again. Control loop only.
 */
public final class Silence {
  static final long FLOOR_NANOS = Duration.ofMillis(250).toNanos();
  static final long UNKNOWN_NANOS = Duration.ofSeconds(1).toNanos();
  static final double PHI_8 = 8 * Math.log(10);

  /** Requests without any answer, so that the end of all requests is no silence. */
  static final int STILL_COMING = 8;

  private static final double RATE_SPAN_NANOS = 2e9;

  private long answers;
  private long sentAtAnswer;
  private long lastLookNanos;
  private long sinceNanos; // the last answer, or the begin of waiting
  private double answersPerNano;
  private boolean told;

  /** Begins to listen anew, from now. */
  public void restart(long nowNanos) {
    sinceNanos = nowNanos;
    lastLookNanos = nowNanos;
    told = false;
  }

  /**
   * Looks at the running totals.
   *
   * @return nanoseconds of silence that cannot be believed, or 0
   */
  public long look(long nowNanos, long sent, long settled, long answered, Latencies latencies) {
    long fresh = answered - answers;
    answers = answered;
    if (fresh > 0 || sent <= settled) {
      sinceNanos = nowNanos;
      sentAtAnswer = sent;
      told &= fresh == 0;
    }
    long gap = nowNanos - sinceNanos;
    if (gap < FLOOR_NANOS) {
      long span = Math.max(1, nowNanos - lastLookNanos);
      answersPerNano +=
          ((double) fresh / span - answersPerNano) * Math.min(1, span / RATE_SPAN_NANOS);
    }
    lastLookNanos = nowNanos;
    if (told || gap < FLOOR_NANOS || gap <= limitNanos(sent - sentAtAnswer, latencies)) {
      return 0;
    }
    told = true;
    return gap;
  }

  private double limitNanos(long sentSince, Latencies latencies) {
    if (!latencies.isKnown()) {
      return UNKNOWN_NANOS;
    }
    double limit = 2.0 * latencies.usualNanos(0.99);
    if (sentSince >= STILL_COMING && answersPerNano > 0) {
      double phi = Math.max(PHI_8 / answersPerNano, 2.0 * latencies.usualNanos(0.5));
      limit = Math.min(limit, phi);
    }
    return limit;
  }
}
