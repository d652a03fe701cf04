package app.avalo.gateway.forward.body;

import app.avalo.gateway.config.ListenerConfig.MinRate;

/**
 * How fast a client moves bytes while it is waited for. Judged by the byte counters of the exchange
 * once per window, and only by time that was the client's: what it does between costs nothing, a
 * slow service is not held against it, and what it did well before buys it no rest.
 */
public final class Pace {
  /** Later than any time that is compared with it. */
  public static final long NEVER = Long.MAX_VALUE / 2;

  private static final double SECOND_NANOS = 1e9;

  private final long windowNanos;
  private final long leastBytes;
  private long seenBytes; // when the window began
  private long waitedNanos; // in this window, before the wait that goes on
  private long waitingSinceNanos;
  private boolean waiting;

  public Pace(MinRate least, long movedBytes) {
    this.windowNanos = least.window().toNanos();
    this.leastBytes = (long) (least.bytesPerSecond() * (windowNanos / SECOND_NANOS));
    this.seenBytes = movedBytes;
  }

  /** From now on it is the client that has to do something. */
  public void waits(long nowNanos) {
    if (!waiting) {
      waiting = true;
      waitingSinceNanos = nowNanos;
    }
  }

  /** From now on it is not. */
  public void rests(long nowNanos) {
    waitedNanos = waitedNanos(nowNanos);
    waiting = false;
  }

  private long waitedNanos(long nowNanos) {
    return waiting ? waitedNanos + nowNanos - waitingSinceNanos : waitedNanos;
  }

  /** When a window can be full at the earliest. */
  public long nextCheckNanos(long nowNanos) {
    return nowNanos + windowNanos - waitedNanos(nowNanos);
  }

  /** Whether a full window brought too little; begins the next one if not. */
  public boolean isSlow(long nowNanos, long movedBytes) {
    if (waitedNanos(nowNanos) < windowNanos) {
      return false;
    }
    if (movedBytes - seenBytes < leastBytes) {
      return true;
    }
    seenBytes = movedBytes;
    waitedNanos = 0;
    waitingSinceNanos = nowNanos;
    return false;
  }
}
