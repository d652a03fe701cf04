package app.avalo.gateway.filter.budget.pace;

/**
 * Lets a share of requests pass, evenly spaced: the error of each decision is carried to the next,
 * so after n requests at share s the admitted are within one of n * s. No dice, so a test and an
 * operator can count. Confined to its term.
 */
final class Ramp {
  static final long ONE = 1_000_000_000;

  private long credit = ONE / 2;

  /** A share from 0 to 1, as this counts. */
  static long of(double share) {
    return Math.round(share * ONE);
  }

  /** Whether the next request passes, which changes nothing. */
  boolean peek(long share) {
    return credit + share >= ONE;
  }

  /** A request went elsewhere instead of being refused here. */
  void miss(long share) {
    credit = Math.min(ONE, credit + share);
  }

  boolean take(long share) {
    if (share >= ONE) {
      return true;
    }
    credit += share;
    if (credit < ONE) {
      return false;
    }
    credit -= ONE;
    return true;
  }

  /** A request that passed here was refused elsewhere; the next one passes in its place. */
  void giveBack(long share) {
    if (share < ONE) {
      credit = Math.min(2 * ONE, credit + ONE);
    }
  }
}
