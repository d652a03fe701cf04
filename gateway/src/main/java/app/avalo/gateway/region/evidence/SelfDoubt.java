package app.avalo.gateway.region.evidence;

import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;

/**
 * Whether this process itself stood still lately. After a pause every check looks late, so nothing
 * is convicted on what was measured then (Lifeguard; algorithms 3.2). Control loop only.
 */
public final class SelfDoubt {
  public static final long PAUSE_NANOS = Duration.ofMillis(300).toNanos();
  public static final long HOLD_NANOS = Duration.ofSeconds(1).toNanos();

  private final Ticker ticker;
  private final long stepNanos;
  private long lastTickNanos;
  private long holdUntilNanos;

  /** A watch that expects a tick every step. */
  public SelfDoubt(Ticker ticker, Duration step) {
    this.ticker = ticker;
    this.stepNanos = step.toNanos();
    this.lastTickNanos = ticker.nanos();
    this.holdUntilNanos = lastTickNanos;
  }

  /** Notes that the loop runs; true if it stood still before. */
  public boolean tick() {
    long now = ticker.nanos();
    boolean paused = late(now);
    if (paused) {
      holdUntilNanos = now + HOLD_NANOS;
    }
    lastTickNanos = now;
    return paused;
  }

  /** Whether convictions wait; also true within a pause that no tick has noticed yet. */
  public boolean holds() {
    long now = ticker.nanos();
    return now - holdUntilNanos < 0 || late(now);
  }

  private boolean late(long now) {
    return now - lastTickNanos > stepNanos + PAUSE_NANOS;
  }
}
