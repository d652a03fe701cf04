package app.avalo.gateway.region.probe;

import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;

/**
 * How long checks of an endpoint take, and so what it is worth that one heard nothing. It is waited
 * for the mean and four mean deviations (RFC 6298), at least 250 ms. Control loop only.
 */
final class Hearing {
  static final Duration LEAST = Duration.ofMillis(250);

  /** For so long a check that heard nothing counts as silence beside that of other regions. */
  static final Duration LATELY = Duration.ofMillis(500);

  private final Ticker ticker;
  private final SelfDoubt doubt;
  private long meanNanos = -1;
  private long deviationNanos;
  private long unheardNanos;

  Hearing(Ticker ticker, SelfDoubt doubt) {
    this.ticker = ticker;
    this.doubt = doubt;
    this.unheardNanos = ticker.nanos() - LATELY.toNanos();
  }

  /** A check that was sent then was answered now. */
  void answered(long sentNanos) {
    long nanos = ticker.nanos() - sentNanos;
    if (meanNanos < 0) {
      meanNanos = nanos;
      deviationNanos = nanos / 2;
    } else {
      deviationNanos += (Math.abs(nanos - meanNanos) - deviationNanos) / 4;
      meanNanos += (nanos - meanNanos) / 8;
    }
  }

  /** Nothing was heard where an answer was due. */
  void nothing() {
    unheardNanos = ticker.nanos();
  }

  boolean nothingLately() {
    return ticker.nanos() - unheardNanos < LATELY.toNanos();
  }

  /** The time for the next check; more than is configured only for one that doubts itself. */
  Duration patience(Duration most) {
    Duration usual = usual(most);
    return doubt.holds() ? usual.multipliedBy(2) : usual;
  }

  /**
   * Whether a check that heard nothing says more about this process than about the endpoint. Before
   * anything is known of it the least time has to do, else whoever starts late judges late.
   */
  boolean excuses(long sentNanos, Duration most) {
    return doubt.excuses(sentNanos, meanNanos < 0 ? LEAST : usual(most));
  }

  /** What is worth waiting for, never over what is configured; all of that until one answered. */
  private Duration usual(Duration most) {
    if (meanNanos < 0) {
      return most;
    }
    long nanos = Math.max(LEAST.toNanos(), meanNanos + 4 * deviationNanos);
    return nanos < most.toNanos() ? Duration.ofNanos(nanos) : most;
  }
}
