package app.avalo.gateway.filter.budget.term;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.price.Price;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What was corrected in a period, each once by its id. Guarded by its term. */
final class Corrections {
  private final Set<String> ids = new HashSet<>();
  private final Sums sums;
  private long raised; // micro-units added to the amount
  private @Nullable BudgetConfig known; // the budget as it was given last, and its amount
  private long amount;

  Corrections(Sums sums) {
    this.sums = sums;
  }

  boolean isEmpty() {
    return ids.isEmpty();
  }

  boolean has(String id) {
    return ids.contains(id);
  }

  void add(Entry entry) {
    ids.add(entry.id());
    if (entry.kind() == Entry.Kind.IMPORT) {
      sums.known(entry.service(), entry.micros());
    } else if (entry.kind() == Entry.Kind.RAISE) {
      raised = Price.signed(raised, entry.micros());
    }
  }

  /** What a budget comes to with them. */
  long amount(BudgetConfig budget) {
    if (budget != known) {
      known = budget;
      amount = budget.amount().micros();
    }
    return Math.max(0, Price.signed(amount, raised));
  }

  /** Takes over what all replicas follow; whether it is another. */
  boolean raise(long to) {
    boolean other = raised != to;
    raised = to;
    return other;
  }
}
