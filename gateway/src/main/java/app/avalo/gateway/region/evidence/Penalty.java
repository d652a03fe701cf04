package app.avalo.gateway.region.evidence;

import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;

/**
 * How much longer an endpoint stays out because it was lost before: double for each time, at most
 * sixteen-fold, until it was calm for ten minutes. Control loop only.
 */
public final class Penalty {
  public static final Duration CALM = Duration.ofMinutes(10);
  static final int DOUBLINGS = 4;

  private final Ticker ticker;
  private int times;
  private long lastNanos;

  public Penalty(Ticker ticker) {
    this.ticker = ticker;
  }

  /** Notes that the endpoint was lost once more. */
  public void lost() {
    long now = ticker.nanos();
    if (now - lastNanos > CALM.toNanos()) {
      times = 0;
    }
    times++;
    lastNanos = now;
  }

  /** A time as the penalty stretches it. */
  public Duration stretch(Duration once) {
    return once.multipliedBy(1L << Math.min(DOUBLINGS, Math.max(0, times - 1)));
  }

  /** How often it was lost in the present series. */
  public int times() {
    return times;
  }
}
