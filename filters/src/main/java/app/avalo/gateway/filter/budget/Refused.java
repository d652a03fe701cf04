package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.term.Answer;
import app.avalo.gateway.filter.budget.term.Term;
import app.avalo.gateway.filter.budget.view.Level;
import java.time.Instant;

/**
 * No.
 *
 * @param account the budget that refused
 * @param term its period
 * @param standing whom
 * @param answer why
 * @param usedUp whether what is left is too little even with nothing in flight
 */
record Refused(Account account, Term term, Standing standing, Answer answer, boolean usedUp)
    implements BudgetLedger.Verdict {
  /** When to try again while only a share passes. */
  private static final int PACED_SECONDS = 60;

  /** Likewise while none passes, at most: by then another hour of demand is known. */
  private static final int SHUT_SECONDS = 3_600;

  private static final String FROZEN = "frozen";
  private static final String PAUSED = "paused";

  /** What the client is told: which budget, how it stands, when it eases. */
  GatewayError error(long nowMillis) {
    String name = account.config().title();
    LeaseKeeper keeper = account.keeper();
    String end = term.span.end();
    long seconds = seconds(term.span.endMillis(), nowMillis);
    long frozen = Math.max(term.orders.frozenUntil(), nowMillis);
    boolean isFrozen = answer == Answer.FROZEN || frozen > nowMillis;
    String level = isFrozen ? FROZEN : level(account.config(), term);
    if (isFrozen && !(usedUp && frozen < term.span.endMillis())) {
      String until = Instant.ofEpochMilli(frozen).toString();
      String detail = "The budget " + name + " is frozen by an operator until " + until + ".";
      return new GatewayError(Kind.BUDGET, name, detail, seconds(frozen, nowMillis), level);
    }
    if (usedUp) {
      String detail = "The budget " + name + " is used up; it eases at " + end + ".";
      return new GatewayError(Kind.BUDGET, name, detail, seconds, level);
    }
    if (answer == Answer.PACED && !term.gate.lets(standing)) {
      String detail =
          "What is left of the budget "
              + name
              + " is kept for more important services, so no request of this kind passes now; it"
              + " eases at "
              + end
              + ", or before if those need less than they usually do.";
      return new GatewayError(Kind.BUDGET, name, detail, Math.min(seconds, SHUT_SECONDS), level);
    }
    if (answer == Answer.PACED) {
      String detail =
          "The budget "
              + name
              + " has to last until "
              + end
              + ", so only a share of requests passes; another try may.";
      return new GatewayError(Kind.BUDGET, name, detail, PACED_SECONDS, level);
    }
    if (keeper != null && keeper.away()) {
      String detail = "The budget " + name + " cannot be asked at the moment.";
      return new GatewayError(Kind.STORE_DOWN, name, detail, 1, level);
    }
    String detail =
        "What is left of the budget "
            + name
            + " is reserved by requests in flight; it eases as they end, at the latest at "
            + end
            + ".";
    return new GatewayError(Kind.BUDGET, name, detail, 1, level);
  }

  private static String level(BudgetConfig budget, Term term) {
    return Level.values()[term.level(budget)].label();
  }

  private static long seconds(long untilMillis, long nowMillis) {
    return Math.max(1, (untilMillis - nowMillis + 999) / 1000);
  }

  /** Why an answer ends whose hold was charged: nobody would pay for more of it. */
  static GatewayError expired(Charge charge) {
    return ended(
        charge,
        "was charged what was reserved, as client and service were silent for too long; more is not"
            + " paid.");
  }

  /** Why an answer ends whose price nobody knows any more. */
  static GatewayError revalued(Charge charge) {
    return ended(charge, "has changed its currency, and what was reserved before is used up.");
  }

  private static GatewayError ended(Charge charge, String why) {
    String budget = charge.account().config().title();
    String level = level(charge.account().config(), charge.term);
    return new GatewayError(Kind.BUDGET, budget, "The budget " + budget + ' ' + why, 1, level);
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
        Kind.BUDGET, budget.name(), detail, seconds(untilMillis, nowMillis), PAUSED);
  }
}
