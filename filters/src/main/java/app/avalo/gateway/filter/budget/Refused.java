package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.budget.term.Answer;
import app.avalo.gateway.filter.budget.term.Term;
import java.time.Instant;

/**
 * No.
 *
 * @param account the budget that refused
 * @param term its period
 * @param answer why
 * @param usedUp whether what is left is too little even with nothing in flight
 */
record Refused(Account account, Term term, Answer answer, boolean usedUp)
    implements BudgetLedger.Verdict {
  /** When to try again while only a share passes. */
  private static final int PACED_SECONDS = 60;

  /** What the client is told: which budget, how it stands, when it eases. */
  GatewayError error(long nowMillis) {
    String name = account.config().title();
    LeaseKeeper keeper = account.keeper();
    String end = term.span.end();
    long frozen = term.orders.frozenUntil();
    if (answer == Answer.FROZEN || frozen > nowMillis) {
      String until = Instant.ofEpochMilli(frozen).toString();
      return budget(
          "The budget " + name + " is frozen by an operator until " + until + ".",
          (frozen - nowMillis + 999) / 1000);
    }
    if (usedUp) {
      long seconds = (term.span.endMillis() - nowMillis + 999) / 1000;
      return budget("The budget " + name + " is used up; it eases at " + end + ".", seconds);
    }
    if (answer == Answer.PACED) {
      return budget(
          "The budget "
              + name
              + " has to last until "
              + end
              + ", so only a share of requests passes; another try may.",
          PACED_SECONDS);
    }
    if (keeper != null && keeper.away()) {
      return new GatewayError(
          Kind.STORE_DOWN, name, "The budget " + name + " cannot be asked at the moment.", 1);
    }
    return budget(
        "What is left of the budget "
            + name
            + " is reserved by requests in flight; it eases as they end, at the latest at "
            + end
            + ".",
        1);
  }

  /** Why an answer ends whose hold was charged: nobody would pay for more of it. */
  static GatewayError expired(BudgetConfig budget) {
    String detail =
        "Client and service were silent for too long, and the budget "
            + budget.title()
            + " was charged what was reserved; more is not paid.";
    return new GatewayError(Kind.BUDGET, budget.title(), detail, 1);
  }

  /** What a user is told who spent far more than others. */
  static GatewayError paused(BudgetConfig budget, long untilMillis, long nowMillis) {
    String detail =
        "You have spent far more of the budget "
            + budget.name()
            + " than others; it eases at "
            + Instant.ofEpochMilli(untilMillis)
            + ".";
    return new GatewayError(
        Kind.BUDGET, budget.name(), detail, Math.max(1, (untilMillis - nowMillis + 999) / 1000));
  }

  private GatewayError budget(String detail, long seconds) {
    return new GatewayError(Kind.BUDGET, account.config().title(), detail, Math.max(1, seconds));
  }
}
