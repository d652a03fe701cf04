package app.avalo.gateway.region.evidence;

import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;

/**
 * Whether this process is the suspect: it stood still, its loop runs late, or at least half of the
 * regions, two or more, fell silent at once. Then nothing is convicted and checks get twice their
 * time (Lifeguard, Dadgar and others 2018; algorithms 3.2). Control loop only.
 */
public final class SelfDoubt {
  public static final long PAUSE_NANOS = Duration.ofMillis(300).toNanos();
  public static final long HOLD_NANOS = Duration.ofSeconds(1).toNanos();
  static final long LAG_NANOS = Duration.ofMillis(100).toNanos();
  static final long LAG_HOLD_NANOS = Duration.ofMillis(300).toNanos();

  private final Ticker ticker;
  private final long stepNanos;
  private long lastTickNanos;
  private long holdUntilNanos;
  private boolean blind;

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
    boolean paused = lateBy(now, PAUSE_NANOS);
    if (paused) {
      hold(now + HOLD_NANOS);
    } else if (lateBy(now, LAG_NANOS)) {
      hold(now + LAG_HOLD_NANOS);
    }
    lastTickNanos = now;
    return paused;
  }

  private void hold(long untilNanos) {
    if (untilNanos - holdUntilNanos > 0) {
      holdUntilNanos = untilNanos;
    }
  }

  /**
   * Notes how many regions do not say anything, not even no.
   *
   * @param silent of them, not counting those that are out already
   * @param regions all that are not out, the silent ones included
   * @return whether that has just become too many to be believed
   */
  public boolean silent(int silent, int regions) {
    boolean before = blind;
    blind = silent >= 2 && silent * 2 >= regions;
    return blind && !before;
  }

  /** Whether convictions wait; also true within a pause that no tick has noticed yet. */
  public boolean holds() {
    long now = ticker.nanos();
    return blind || now - holdUntilNanos < 0 || lateBy(now, PAUSE_NANOS);
  }

  private boolean lateBy(long now, long nanos) {
    return now - lastTickNanos > stepNanos + nanos;
  }
}
