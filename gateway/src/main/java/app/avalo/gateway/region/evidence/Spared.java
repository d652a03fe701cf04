package app.avalo.gateway.region.evidence;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.probe.Prober.Outcome;
import app.avalo.gateway.region.probe.Prober.Result;
import java.util.concurrent.TimeUnit;

/**
 * Whether an endpoint wants to be left alone: its last check said so, or answers did, for as long
 * as they said. Control loop only.
 */
public final class Spared {
  private final Ticker ticker;
  private boolean byCheck;
  private long untilNanos;

  public Spared(Ticker ticker) {
    this.ticker = ticker;
    this.untilNanos = ticker.nanos();
  }

  /** A check ended. */
  public void checked(Result result) {
    byCheck = result.outcome() == Outcome.DRAINING;
  }

  /** Its answers ask for it, or 0. */
  public void asked(int seconds) {
    if (seconds > 0) {
      untilNanos = ticker.nanos() + TimeUnit.SECONDS.toNanos(seconds);
    }
  }

  public boolean isWanted() {
    return byCheck || ticker.nanos() - untilNanos < 0;
  }
}
