package app.avalo.gateway.filter.limit.open;

import app.avalo.gateway.config.unit.Rate;

/**
 * A token bucket for the messages of one connection: GCRA, two longs and no allocation. Confined to
 * the connection's event loop.
 *
 * <p>State is the theoretical arrival time: the moment at which the bucket will be full again less
 * one token's time. A message passes while that is at most {@code burst - 1} intervals ahead.
 */
public final class MessageMeter {
  /** Further ahead of the rate than anybody is waited for. */
  public static final long TOO_FAR = Long.MAX_VALUE;

  /** Waited for at least: what was on its way while the rate was already exceeded. */
  private static final long PATIENCE_NANOS = 2_000_000_000L;

  /** Of slow rates that is less than one message; so many are waited for, */
  private static final int SLOWED = 4;

  /** but not longer than this, in which nothing of the client is read. */
  private static final long LONGEST_NANOS = 60_000_000_000L;

  private final long intervalNanos;
  private final long toleranceNanos;
  private long arrivalNanos;

  private MessageMeter(long intervalNanos, long toleranceNanos, long nowNanos) {
    this.intervalNanos = intervalNanos;
    this.toleranceNanos = toleranceNanos;
    this.arrivalNanos = nowNanos;
  }

  /** A full bucket that holds one period's messages. */
  public static MessageMeter of(Rate rate, long nowNanos) {
    // Rounded up, so that the rate is never exceeded.
    long interval = (rate.period().toNanos() - 1) / rate.count() + 1;
    return new MessageMeter(interval, (rate.count() - 1) * interval, nowNanos);
  }

  /** Becomes as full as another one is, of whatever rate. */
  void asFull(MessageMeter other, long nowNanos) {
    double used = Math.max(0, other.arrivalNanos - nowNanos) / (double) other.whole();
    arrivalNanos = nowNanos + (long) (used * whole());
  }

  /** From empty to full. */
  private long whole() {
    return toleranceNanos + intervalNanos;
  }

  /** Takes a token; false leaves everything as it was. */
  public boolean tryMessage(long nowNanos) {
    long arrival = Math.max(arrivalNanos, nowNanos);
    if (arrival - nowNanos > toleranceNanos) {
      return false;
    }
    arrivalNanos = arrival + intervalNanos;
    return true;
  }

  /** How long until {@link #tryMessage} says yes; 0 when it would now. */
  public long delayNanos(long nowNanos) {
    return Math.max(0, arrivalNanos - nowNanos - toleranceNanos);
  }

  /**
   * Charges messages that have been passed on already.
   *
   * @return how long nothing more should be passed on; 0 while the rate is kept, {@link #TOO_FAR}
   *     when that would be longer than is waited
   */
  public long take(int messages, long nowNanos) {
    arrivalNanos = Math.max(arrivalNanos, nowNanos) + messages * intervalNanos;
    long delay = delayNanos(nowNanos);
    return delay > patienceNanos() ? TOO_FAR : delay;
  }

  private long patienceNanos() {
    return Math.max(PATIENCE_NANOS, Math.min(LONGEST_NANOS, SLOWED * intervalNanos));
  }
}
