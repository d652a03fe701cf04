package app.avalo.gateway.region.share;

import java.time.Duration;

/** A region's share on its way to nothing. Control loop only. */
final class Drain {
  private final int usersPerStep;
  private final int sharePerStep;
  private final long pauseNanos;
  private int left;
  private long nextNanos;

  /**
   * Begins, with the first step at once.
   *
   * @param users estimated number of the region's users
   * @param usersPerStep whom a step sends away
   * @param pause between steps
   * @param share of all callers that the region has, in 1024ths
   */
  Drain(int users, int usersPerStep, Duration pause, int share, long nowNanos) {
    this.usersPerStep = usersPerStep;
    this.sharePerStep =
        (int) Math.max(1, Math.min(share, (long) share * usersPerStep / Math.max(1, users)));
    this.pauseNanos = pause.toNanos();
    this.left = share;
    this.nextNanos = nowNanos;
    tick(nowNanos);
  }

  void tick(long nowNanos) {
    if (left > 0 && nowNanos - nextNanos >= 0) {
      left = Math.max(0, left - sharePerStep);
      nextNanos = nowNanos + pauseNanos;
    }
  }

  int left() {
    return left;
  }

  int usersPerStep() {
    return usersPerStep;
  }
}
