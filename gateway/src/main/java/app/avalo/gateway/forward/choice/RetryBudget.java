package app.avalo.gateway.forward.choice;

/**
 * Bounds the requests that retries may add, so that a struggling service is not buried by its
 * callers: a share of the traffic plus a small floor (Finagle's retry budget). One per event loop
 * and service.
 */
final class RetryBudget {
  /** Retries earned by one request. */
  private static final double SHARE = 0.2;

  /** Retries per second that need no traffic. */
  private static final double FLOOR_PER_SECOND = 10;

  /** What may be saved up: ten seconds of the floor plus a burst of traffic. */
  private static final double CEILING = 1000;

  private double balance = FLOOR_PER_SECOND * 10;
  private long refilledNanos;

  RetryBudget(long nowNanos) {
    this.refilledNanos = nowNanos;
  }

  /** A first attempt was made. */
  void earn() {
    balance = Math.min(CEILING, balance + SHARE);
  }

  /** Takes one retry, or refuses it. */
  boolean spend(long nowNanos) {
    double earned = (nowNanos - refilledNanos) * 1e-9 * FLOOR_PER_SECOND;
    refilledNanos = nowNanos;
    balance = Math.min(CEILING, balance + earned);
    if (balance < 1) {
      return false;
    }
    balance -= 1;
    return true;
  }
}
