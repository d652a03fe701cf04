package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.budget.pace.Standing;

/**
 * Money held for one exchange in every budget it is charged to. The prices are those of the moment
 * of reservation, and so are the periods: a request that outlives its period is charged to it.
 */
final class Hold implements BudgetHold, BudgetLedger.Verdict {
  final String service;
  final Account[] accounts;
  final Term[] terms;
  final Standing[] standings;
  final Cost[] costs;
  final long[] held;
  final long[] fromHeader; // event loop of the exchange
  private final String id;
  private boolean settled;

  Hold(String id, String service, int budgets) {
    this.id = id;
    this.service = service;
    this.accounts = new Account[budgets];
    this.terms = new Term[budgets];
    this.standings = new Standing[budgets];
    this.costs = new Cost[budgets];
    this.held = new long[budgets];
    this.fromHeader = new long[budgets];
    java.util.Arrays.fill(fromHeader, Price.ABSENT);
  }

  @Override
  public String id() {
    return id;
  }

  int budgets() {
    return held.length;
  }

  /** Whether this call is the one that settles. */
  synchronized boolean settleOnce() {
    boolean first = !settled;
    settled = true;
    return first;
  }
}
