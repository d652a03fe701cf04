package app.avalo.gateway.alert;

import io.vertx.core.Promise;
import java.time.Duration;

/**
 * An alert that waits, and when it is tried next: after 1 s, doubling to 5 min, or later if its
 * receiver says so. Confined to the control loop; times are of the monotonic clock.
 */
final class Delivery {
  private static final long FIRST_PAUSE = Duration.ofSeconds(1).toNanos();
  private static final long LONGEST_PAUSE = Duration.ofMinutes(5).toNanos();

  /** Of all that wait, once their receiver takes something. */
  private static final long PAUSE_OF_A_LIVE_ONE = Duration.ofSeconds(30).toNanos();

  /** Tries for which others wait behind it, so that a short outage changes no order. */
  private static final int HOLDING = 3;

  final Alert alert;
  final Promise<Void> over; // completes when it waits no more
  private int tries; // that failed
  private long first; // when
  private long last;
  private boolean refused; // not only unanswered
  private long refusedSince; // refused
  private long due;

  Delivery(Alert alert, Promise<Void> over) {
    this.alert = alert;
    this.over = over;
  }

  boolean isNew() {
    return tries == 0;
  }

  /** Whether it is overtaken by those behind it. */
  boolean isAside() {
    return tries >= HOLDING;
  }

  /** For how many nanoseconds it is not to be tried yet; 0 or less when it is its turn. */
  long pause(long now) {
    return tries == 0 ? 0 : due - now;
  }

  /**
   * It was not taken.
   *
   * @param refused whether its receiver does not want it, rather than cannot take it
   * @param asked how long its receiver wants to be left alone
   */
  void failed(long now, boolean refused, Duration asked) {
    first = tries == 0 ? now : first;
    refusedSince = refused && !this.refused ? now : refusedSince;
    this.refused = refused;
    last = now;
    long pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(tries, 9));
    tries++;
    due = now + Math.max(pause, Math.min(asked.toNanos(), LONGEST_PAUSE));
  }

  /** Since it was tried first. */
  Duration tried(long now) {
    return tries == 0 ? Duration.ZERO : Duration.ofNanos(now - first);
  }

  /** For how long it has met nothing but refusals. */
  Duration refused(long now) {
    return refused ? Duration.ofNanos(now - refusedSince) : Duration.ZERO;
  }

  /** Its receiver took another. */
  void alive() {
    if (due - last > PAUSE_OF_A_LIVE_ONE) {
      due = last + PAUSE_OF_A_LIVE_ONE;
    }
  }

  /** It goes to another receiver. */
  void anew() {
    tries = 0;
    refused = false;
  }
}
