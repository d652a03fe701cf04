package app.avalo.gateway.filter.budget.view;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import io.vertx.core.Future;

/** Hears the notices of budgets; called on any thread, so it must be quick and must not throw. */
public interface BudgetListener {
  /** Operators have it. */
  Future<Void> HAVE = Future.succeededFuture();

  /** Hears nothing. */
  BudgetListener NONE = (budget, notice) -> HAVE;

  /**
   * Something is to be told of a budget. Each key is told once a period: over restarts when there
   * is a state directory, over all replicas when there is Redis; but again when this process ends
   * before operators have it.
   *
   * @param budget as it stands now, which may be above the level told
   * @return completes when operators have it, or nobody will try any more
   */
  Future<Void> told(BudgetView budget, Notice notice);

  /**
   * A user or API key is refused from now on, because of spending far more than others; told once
   * for each pause, by the gateway that pauses.
   */
  default void paused(BudgetConfig budget, Spenders.Paused found) {}
}
