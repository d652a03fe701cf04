package app.avalo.gateway.filter.budget.view;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.abuse.Spenders;

/** Hears the notices of budgets; called on any thread, so it must be quick and must not throw. */
public interface BudgetListener {
  /** Hears nothing. */
  BudgetListener NONE = (budget, notice) -> {};

  /**
   * Something is to be told of a budget. Each key is told once a period: over restarts when there
   * is a state directory, over all replicas when there is Redis.
   *
   * @param budget as it stands now, which may be above the level told
   */
  void told(BudgetView budget, Notice notice);

  /**
   * A user is refused from now on, because of spending far more than others; told once for each
   * pause, by the gateway that pauses.
   */
  default void paused(BudgetConfig budget, Spenders.Paused user) {}
}
