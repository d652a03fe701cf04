package app.avalo.gateway.filter.budget.view;

import app.avalo.gateway.config.BudgetConfig;
import java.util.Locale;

/** How far a budget is spent; each level begins at a share of the amount. */
public enum Level {
  NORMAL,
  /** Operators are told. */
  ALERT,
  /** Services that are not critical are slowed. */
  THROTTLE,
  /** Critical services are slowed too. */
  CRITICAL,
  /** What is left does not pay for one more request; only floors go on. */
  EXHAUSTED;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** As clients read it. */
  public String label() {
    return label;
  }

  /**
   * The level at this spend.
   *
   * @param spent micro-units, settled
   * @param amount micro-units of the period
   */
  public static Level at(BudgetConfig budget, long spent, long amount) {
    if (spent >= amount || !pays(budget, amount - spent)) {
      return EXHAUSTED;
    }
    double share = (double) spent / amount;
    if (share >= budget.criticalAt()) {
      return CRITICAL;
    }
    if (share >= budget.throttleAt()) {
      return THROTTLE;
    }
    return share >= budget.alertAt() ? ALERT : NORMAL;
  }

  /**
   * The least spend, or a little less, at which the level is another one.
   *
   * @param spent micro-units, settled
   * @param amount micro-units of the period
   */
  public static long next(BudgetConfig budget, long spent, long amount) {
    long least = budget.cost().reserve();
    for (BudgetConfig.Price price : budget.prices()) {
      least = Math.min(least, price.cost().reserve());
    }
    long next = amount - least;
    double[] shares = {budget.alertAt(), budget.throttleAt(), budget.criticalAt()};
    for (double share : shares) {
      boolean reached = (double) spent / amount >= share;
      next = reached ? next : Math.min(next, (long) (share * amount) - 1);
    }
    return next;
  }

  /** Whether so much pays for a request that is cheaper than the usual one, if not for that. */
  private static boolean pays(BudgetConfig budget, long left) {
    boolean pays = left >= budget.cost().reserve();
    for (int i = 0; !pays && i < budget.prices().size(); i++) {
      pays = left >= budget.prices().get(i).cost().reserve();
    }
    return pays;
  }
}
