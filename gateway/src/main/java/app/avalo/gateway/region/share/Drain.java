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
    double wanted = Math.min(share, (double) share * usersPerStep / Math.max(1, users));
    this.sharePerStep = (int) Math.max(1, wanted);
    // Of very many users even the smallest step is more than was ordered, so it comes less often.
    this.pauseNanos = (long) (pause.toNanos() * Math.max(1, wanted == 0 ? 1 : 1 / wanted));
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
