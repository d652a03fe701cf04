package app.avalo.gateway.forward.choice;

/**
 * Bounds the requests that retries and hedges may add, so that a struggling service is not buried
 * by its callers: a share of the traffic plus a small floor (Finagle's retry budget), paid when
 * they are decided on. One per event loop and service.
 */
final class RetryBudget {
  /** What a further attempt costs that can go where answers are to be expected. */
  static final double PRICE = 1;

  /**
   * What it costs when every place left is doubtful. It may help one request; many of them, which
   * is what an outage makes, would only add to the trouble.
   */
  static final double DOUBTFUL = 4;

  /** Earned by one request. */
  private static final double SHARE = 0.2;

  /** Earned per second without any traffic. */
  private static final double FLOOR_PER_SECOND = 10;

  private static final long SECOND_NANOS = 1_000_000_000L;

  /** What may be saved up without traffic. */
  private static final double SAVED = 100;

  private double balance = SAVED;
  private double ceiling = SAVED;
  private long refilledNanos;
  private long secondNanos; // begin of the current second
  private int requests; // in the current second

  RetryBudget(long nowNanos) {
    this.refilledNanos = nowNanos;
    this.secondNanos = nowNanos;
  }

  /** A first attempt is made. */
  void earn(long nowNanos) {
    if (nowNanos - secondNanos >= SECOND_NANOS) {
      // Two seconds' worth: what happened longer ago is no reason to add to an outage.
      ceiling = SAVED + 2 * SHARE * requests;
      secondNanos = nowNanos;
      requests = 0;
    }
    requests++;
    balance = Math.min(ceiling, balance + SHARE);
  }

  /** Takes a further attempt at this price, or refuses it. */
  boolean spend(double price, long nowNanos) {
    double earned = (nowNanos - refilledNanos) * 1e-9 * FLOOR_PER_SECOND;
    refilledNanos = nowNanos;
    balance = Math.min(ceiling, balance + earned);
    if (balance < price) {
      return false;
    }
    balance -= price;
    return true;
  }
}
