package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.Journal;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One budget through its periods. Safe from every thread. */
final class Account {
  /** Periods remembered: the running one, and those that holds or a reload may come back to. */
  private static final int TERMS = 4;

  private final Journal journal;
  private final BudgetListener listener;
  private final BudgetLedger.@Nullable Sharing sharing;
  private final Map<String, Tenure> tenures = new LinkedHashMap<>(); // guarded by this
  private volatile BudgetConfig config; // whoever installs a plan
  private volatile Tenure current; // whoever meets the end of a period first

  /** A period and, among replicas, what keeps its lease. */
  private record Tenure(Term term, @Nullable LeaseKeeper keeper) {}

  Account(
      BudgetConfig config,
      Journal journal,
      BudgetListener listener,
      BudgetLedger.@Nullable Sharing sharing,
      long nowMillis) {
    this.config = config;
    this.journal = journal;
    this.listener = listener;
    this.sharing = sharing;
    this.current = enter(Span.of(config, nowMillis));
  }

  BudgetConfig config() {
    return config;
  }

  /** Takes over what a new plan says of this budget; what was spent stays. */
  synchronized void configure(BudgetConfig next, long nowMillis) {
    config = next;
    Span span = Span.of(next, nowMillis);
    if (!span.key().equals(current.term().span.key())) {
      enter(span);
    }
  }

  /** The running period. */
  Term term(long nowMillis) {
    Tenure running = current;
    return nowMillis < running.term().span.endMillis() ? running.term() : next(nowMillis);
  }

  private synchronized Term next(long nowMillis) {
    if (nowMillis >= current.term().span.endMillis()) {
      enter(Span.of(config, nowMillis));
    }
    return current.term();
  }

  private synchronized Tenure enter(Span span) {
    Tenure known = tenures.get(span.key());
    Tenure tenure = known == null ? begin(span) : known;
    current = tenure;
    if (tenure.keeper() != null) {
      tenure.keeper().start();
    }
    return tenure;
  }

  private Tenure begin(Span span) {
    Term term =
        new Term(
            span,
            sharing == null ? Long.MAX_VALUE : 0,
            journal.recovered(config.name(), span.key()));
    Tenure tenure = new Tenure(term, sharing == null ? null : new LeaseKeeper(this, term, sharing));
    tenures.put(span.key(), tenure);
    if (tenures.size() > TERMS) {
      tenures.remove(tenures.keySet().iterator().next());
    }
    return tenure;
  }

  /** Whether this period is the running one. */
  boolean runs(Term term) {
    return current.term() == term;
  }

  /** Keeps the running period's lease; null when the budget is not shared. */
  @Nullable LeaseKeeper keeper() {
    return current.keeper();
  }

  boolean alone() {
    return sharing == null;
  }

  void record(Entry.Kind kind, String id, Term term, String subject, long micros) {
    journal.append(new Entry(kind, id, config.name(), term.span.key(), subject, micros));
  }

  /** Tells operators of the levels in this set. */
  void announce(Term term, int levels) {
    for (Level level : Level.values()) {
      if ((levels & 1 << level.ordinal()) != 0) {
        record(Entry.Kind.LEVEL, "", term, "", level.ordinal());
        listener.reached(view(term), level);
      }
    }
  }

  BudgetView view(Term term) {
    LeaseKeeper keeper = keeper();
    BudgetView.Store store =
        keeper == null
            ? BudgetView.Store.LOCAL
            : keeper.away() ? BudgetView.Store.AWAY : BudgetView.Store.SHARED;
    return term.view(config, store);
  }
}
