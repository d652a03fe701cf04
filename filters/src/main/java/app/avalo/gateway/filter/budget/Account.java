package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.journal.Sheet;
import app.avalo.gateway.filter.budget.pace.Forecast;
import app.avalo.gateway.filter.budget.pace.Pacer;
import app.avalo.gateway.filter.budget.pace.Shares;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.pace.Tally;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One budget through its periods. Safe from every thread. */
final class Account {
  /** Periods remembered: the running one, and those that holds or a reload may come back to. */
  private static final int TERMS = 4;

  /** Between two looks at what passes, unless much is spent meanwhile. */
  private static final long PACE_MILLIS = 10_000;

  /** Of what the usual course would have spent, at which operators are told. */
  private static final double OVER_PLAN = 1.2;

  private final Journal journal;
  private final BudgetListener listener;
  private final BudgetLedger.@Nullable Sharing sharing;
  private final Map<String, Tenure> tenures = new LinkedHashMap<>(); // guarded by this
  private final Pacer pacer; // guarded by this
  private volatile Map<String, Standing> standings = Map.of(); // whoever installs a plan
  private volatile long paceMillis; // when to look again; guarded by this
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
    this.pacer = new Pacer(this::learned);
    for (Entry hour : journal.hours(config.name())) {
      pacer.remember(Long.parseLong(hour.id()), Standing.valueOf(hour.subject()), hour.micros());
    }
    this.current = enter(Span.of(config, nowMillis));
  }

  BudgetConfig config() {
    return config;
  }

  /** Takes over what a new plan says of this budget; what was spent stays. */
  synchronized void configure(BudgetConfig next, Map<String, Standing> who, long nowMillis) {
    config = next;
    standings = who;
    paceMillis = 0;
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

  /** The running period, with shares that fit what is left of it. */
  Term paced(long nowMillis) {
    Term term = term(nowMillis);
    if (nowMillis >= paceMillis || term.moved(config)) {
      pace(nowMillis);
      announceAlone(term, nowMillis);
    }
    return term;
  }

  private synchronized void pace(long nowMillis) {
    Term term = current.term();
    Tally tally = term.tally(config, standings);
    Span span = term.span;
    pacer.observe(nowMillis, tally);
    long frozen = term.frozenUntil();
    long free = term.freeUntil();
    Shares shares =
        nowMillis < frozen
            ? Shares.NONE
            : nowMillis < free
                ? Shares.ALL
                : pacer.shares(config, span.startMillis(), nowMillis, span.endMillis(), tally);
    term.pace(config, shares);
    term.telling.notice(notices(span, nowMillis, tally));
    paceMillis = nowMillis + PACE_MILLIS;
    for (long until : new long[] {frozen, free}) {
      paceMillis = until > nowMillis ? Math.min(paceMillis, until) : paceMillis;
    }
  }

  /** The period of this key, as far as this process knows it, or null. */
  synchronized @Nullable BudgetMonth month(String key) {
    Tenure tenure = tenures.get(key);
    Sheet sheet = tenure == null ? journal.recovered(config.name(), key) : null;
    if (tenure == null && sheet == null) {
      return null;
    }
    Span span = Span.of(config, 0);
    Term term = tenure == null ? new Term(span, Long.MAX_VALUE, sheet) : tenure.term();
    return term.month(config);
  }

  private Set<String> notices(Span span, long nowMillis, Tally tally) {
    Set<String> keys = new LinkedHashSet<>();
    if (pacer.experienced()) {
      long end = span.endMillis();
      if (pacer.forecast(span.startMillis(), nowMillis, end, tally).spent() > tally.amount()) {
        keys.add(Notice.of(Kind.FORECAST).key());
      }
      double usual = tally.amount() * pacer.course(span.startMillis(), nowMillis, end);
      if (tally.total() > OVER_PLAN * usual && tally.total() > tally.amount() / 10) {
        keys.add(Notice.of(Kind.OVER_PLAN).key());
      }
      long strange = pacer.strangeHour();
      if (strange >= span.startMillis()) {
        keys.add(Notice.daily(Kind.ANOMALY, strange).key());
      }
    }
    return keys;
  }

  private void learned(long hour, Standing standing, long micros) {
    journal.append(
        new Entry(
            Entry.Kind.HOUR, Long.toString(hour), config.name(), "", standing.name(), micros));
  }

  private synchronized Tenure enter(Span span) {
    Tenure over = current;
    if (over != null && !over.term().span.key().equals(span.key())) {
      Term last = over.term();
      pacer.turn(last.span.endMillis(), last.tally(config, standings));
    }
    paceMillis = 0;
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

  /** Tells operators of what has these keys. */
  void announce(Term term, Collection<String> keys, long nowMillis) {
    for (String key : keys) {
      record(Entry.Kind.TOLD, key, term, "", 0);
      listener.told(view(term, nowMillis), Notice.ofKey(key));
    }
  }

  /** Tells what is due, if nobody else could tell it. */
  void announceAlone(Term term, long nowMillis) {
    if (alone() && term.telling.hasNews(term.level(config))) {
      announce(term, term.telling.tell(term.telling.due(term.level(config))), nowMillis);
    }
  }

  synchronized BudgetView view(Term term, long nowMillis) {
    Span span = term.span;
    long now = Math.min(nowMillis, span.endMillis());
    Forecast forecast =
        pacer.forecast(span.startMillis(), now, span.endMillis(), term.tally(config, standings));
    LeaseKeeper keeper = keeper();
    BudgetView.Store store =
        keeper == null
            ? BudgetView.Store.LOCAL
            : keeper.away() ? BudgetView.Store.AWAY : BudgetView.Store.SHARED;
    return term.view(config, store, forecast);
  }
}
