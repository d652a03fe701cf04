package app.avalo.gateway.region.evidence;

import java.time.Duration;

/**
 * How long checks of an endpoint take, and so how long it is worth to wait for one: the mean and
 * four mean deviations (RFC 6298), at least 250 ms. Control loop only.
 */
public final class RoundTrip {
  static final Duration LEAST = Duration.ofMillis(250);

  private long meanNanos = -1;
  private long deviationNanos;

  /** A check that answered took so long. */
  public void add(long nanos) {
    if (meanNanos < 0) {
      meanNanos = nanos;
      deviationNanos = nanos / 2;
    } else {
      deviationNanos += (Math.abs(nanos - meanNanos) - deviationNanos) / 4;
      meanNanos += (nanos - meanNanos) / 8;
    }
  }

  /** The time for the next check, never over what is configured; all of that until one answered. */
  public Duration patience(Duration most) {
    if (meanNanos < 0) {
      return most;
    }
    long nanos = Math.max(LEAST.toNanos(), meanNanos + 4 * deviationNanos);
    return nanos < most.toNanos() ? Duration.ofNanos(nanos) : most;
  }
}
