package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.BudgetLedger.Verdict;
import app.avalo.gateway.filter.budget.BudgetLedger.Waiting;
import app.avalo.gateway.filter.budget.price.Price;
import app.avalo.gateway.filter.budget.term.Answer;
import app.avalo.gateway.filter.budget.term.Term;
import org.jspecify.annotations.Nullable;

/**
 * Money that is held beside what was reserved: slices of what flows, other attempts. Each hold is
 * extended on its event loop.
 */
final class Slices {
  private final BudgetLedger ledger;

  Slices(BudgetLedger ledger) {
    this.ledger = ledger;
  }

  long nowMillis() {
    return ledger.nowMillis();
  }

  /**
   * Holds another slice, or at least as much as is due; in the period that runs by now.
   *
   * @param due micro-units that have to be held
   * @return why not, or not yet, or null
   */
  @Nullable Verdict extend(Hold hold, Charge charge, long due) {
    Account account = charge.account();
    BudgetConfig config = account.config();
    Term term = account.term(ledger.nowMillis());
    long missing = due - charge.held;
    if (term != charge.term) {
      missing = Math.max(1, due - turn(hold, charge, term, due));
      missing = Math.max(missing, charge.untold());
    }
    long micros = Math.max(charge.rate.cost().slice(), missing);
    Answer answer = term.extend(config, charge.rate.standing(), hold.service(), micros);
    if (answer == Answer.NO_ROOM && missing > 0) {
      micros = missing;
      answer = term.extend(config, charge.rate.standing(), hold.service(), micros);
    }
    if (answer != Answer.ADMITTED) {
      boolean usedUp = term.usedUp(config, Price.add(charge.held, micros));
      Refused refused = new Refused(account, term, charge.rate.standing(), answer, usedUp);
      return hurried(BudgetLedger.helped(refused, micros));
    }
    charge.hold(micros);
    account.refill();
    return null;
  }

  private static Verdict hurried(Verdict no) {
    if (no instanceof Waiting waiting) {
      waiting.keeper().hurry();
    }
    return no;
  }

  /** Holds so much more in every budget, or in none, because another attempt may cost it. */
  boolean again(Hold hold, long[] micros) {
    int i = 0;
    for (Charge charge = hold.first; charge != null; charge = charge.next) {
      if (!more(hold, charge, micros[i++])) {
        int j = 0;
        for (Charge paid = hold.first; paid != charge; paid = paid.next) {
          less(hold, paid, micros[j++]);
        }
        return false;
      }
    }
    BudgetLedger.refill(hold);
    return true;
  }

  /** Gives up so much of it. */
  void less(Hold hold, Charge charge, long micros) {
    charge.hold(-micros);
    charge.term.shrink(charge.rate.standing(), hold.service(), micros);
  }

  private static boolean more(Hold hold, Charge charge, long micros) {
    BudgetConfig config = charge.account().config();
    Answer answer = charge.term.extend(config, charge.rate.standing(), hold.service(), micros);
    charge.hold(answer == Answer.ADMITTED ? micros : 0);
    return answer == Answer.ADMITTED;
  }

  /** A period ended under an answer that flows: it pays for what flowed in it. */
  private long turn(Hold hold, Charge charge, Term next, long due) {
    Term over = charge.term;
    long held = charge.held;
    long cost = Math.min(due, held);
    charge.move(next, cost);
    over.settle(charge.account().config(), hold.service(), ledger.lastDay(hold, over), held, cost);
    return cost;
  }
}
