package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.filter.budget.BudgetLedger.Peek;
import app.avalo.gateway.filter.budget.Tariff.Rate;
import app.avalo.gateway.filter.budget.Tenures.Tenure;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import app.avalo.gateway.filter.budget.journal.Counter;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.journal.Sheet;
import app.avalo.gateway.filter.budget.lease.Corrected;
import app.avalo.gateway.filter.budget.pace.Forecast;
import app.avalo.gateway.filter.budget.pace.Pacer;
import app.avalo.gateway.filter.budget.pace.Shares;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.pace.Tally;
import app.avalo.gateway.filter.budget.term.Answer;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.budget.term.Sums;
import app.avalo.gateway.filter.budget.term.Term;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.BudgetView.Counts;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/** One budget through its periods. Safe from every thread. */
final class Account {
  /** Between two looks at what passes, unless much is spent meanwhile. */
  private static final long PACE_MILLIS = 10_000;

  private final Journal journal;
  private final BudgetListener listener;
  private final BudgetLedger.@Nullable Sharing sharing;
  private final Tenures tenures; // guarded by this
  private final @Nullable Pacer pacer; // guarded by this; null for purses, which only end
  final Spenders spenders = new Spenders();
  private volatile Map<String, Standing> standings = Map.of(); // whoever installs a plan
  private volatile long paceMillis; // when to look again; guarded by this
  private volatile BudgetConfig config; // whoever installs a plan
  private volatile boolean retired; // likewise
  private volatile Tenure current; // whoever meets the end of a period first
  private final AtomicLongArray told = new AtomicLongArray(Kind.values().length);

  Account(
      BudgetConfig config,
      Journal journal,
      BudgetListener listener,
      BudgetLedger.@Nullable Sharing sharing,
      Ticker ticker) {
    this.config = config;
    this.journal = journal;
    this.listener = listener;
    this.sharing = sharing;
    this.tenures = new Tenures(config.name(), journal);
    this.pacer = config.single() ? null : learnt(config.name(), ticker);
    this.current = enter(ticker.epochMillis());
  }

  private Pacer learnt(String budget, Ticker ticker) {
    Pacer learnt = new Pacer(this::learned, ticker);
    for (Entry hour : journal.hours(budget)) {
      learnt.remember(Long.parseLong(hour.id()), Standing.valueOf(hour.subject()), hour.micros());
    }
    return learnt;
  }

  BudgetConfig config() {
    return config;
  }

  /** Takes over what a new plan says of this budget; what was spent stays. */
  synchronized void configure(BudgetConfig next, Map<String, Standing> who, long nowMillis) {
    config = next;
    standings = who;
    paceMillis = 0;
    if (!Span.of(next, nowMillis).key().equals(current.term().span.key())) {
      enter(nowMillis);
    }
  }

  /** The running period. */
  Term term(long nowMillis) {
    Tenure running = current;
    return running.term().span.runs(nowMillis) ? running.term() : next(nowMillis);
  }

  private synchronized Term next(long nowMillis) {
    if (!current.term().span.runs(nowMillis)) {
      enter(nowMillis);
    }
    return current.term();
  }

  /** The running period, with shares that fit what is left of it. */
  Term paced(long nowMillis) {
    Term term = term(nowMillis);
    if (pacer != null && (isDue(nowMillis) || term.moved()) && tells()) {
      pace(pacer, nowMillis);
      announceAlone(term, nowMillis);
    }
    return term;
  }

  /** Whether the shares are old; or from ahead, when the clock was set back. */
  private boolean isDue(long nowMillis) {
    long due = paceMillis;
    return nowMillis >= due || nowMillis < due - PACE_MILLIS;
  }

  private synchronized void pace(Pacer pacer, long nowMillis) {
    Term term = current.term();
    Tally tally = term.tally(config, standings);
    Span span = term.span;
    pacer.observe(nowMillis, tally);
    long frozen = term.orders.frozenUntil();
    long free = term.orders.freeUntil();
    Shares shares =
        nowMillis < frozen
            ? Shares.NONE
            : nowMillis < free
                ? Shares.ALL
                : pacer.shares(config, span.startMillis(), nowMillis, span.endMillis(), tally);
    term.pace(config, shares);
    term.telling.look(pacer, span, nowMillis, tally);
    paceMillis = nowMillis + PACE_MILLIS;
    for (long until : new long[] {frozen, free}) {
      paceMillis = until > nowMillis ? Math.min(paceMillis, until) : paceMillis;
    }
  }

  static Standing standing(BudgetConfig budget, @Nullable ServiceConfig service) {
    if (service == null) {
      return Standing.OTHER;
    }
    if (budget.floors().contains(service.name())) {
      return Standing.FLOOR;
    }
    return service.priority() == ServiceConfig.Priority.CRITICAL
        ? Standing.CRITICAL
        : Standing.OTHER;
  }

  /** What would be said of a request, without asking for it. */
  Peek peek(Rate rate, long micros, long nowMillis) {
    Term term = paced(nowMillis);
    Answer answer = term.peek(config, rate.standing(), micros);
    Refused refused = new Refused(this, term, rate.standing(), answer, term.usedUp(config, micros));
    // An empty lease is filled on demand while the store is there to fill it.
    LeaseKeeper keeper = keeper();
    boolean filled = keeper != null && !keeper.away() && !refused.usedUp();
    boolean passes = answer == Answer.ADMITTED || answer == Answer.NO_ROOM && filled;
    return new Peek(passes ? null : refused, view(term, nowMillis), micros);
  }

  /**
   * Whether a request would be refused; not for what is only leased or reserved by others now.
   *
   * @param explaining changes nothing
   */
  boolean diverts(Rate rate, long micros, boolean explaining, long nowMillis) {
    Term term = paced(nowMillis);
    Answer answer = term.peek(config, rate.standing(), micros);
    boolean refused =
        answer != Answer.ADMITTED && (answer != Answer.NO_ROOM || term.usedUp(config, micros));
    if (refused && !explaining) {
      term.diverted(rate.standing(), micros);
    }
    return refused;
  }

  /** A hold was settled at this cost. */
  void settled(Charge charge, @Nullable String spender, long micros, long nowMillis) {
    announceAlone(charge.term, nowMillis);
    BudgetConfig.Abuse abuse = spender == null ? null : config.abuse();
    if (abuse != null && charge.rate.standing() != Standing.FLOOR) {
      Spenders.Paused found = spenders.spent(abuse, spender, micros, nowMillis);
      if (found != null) {
        listener.paused(config, found);
      }
    }
  }

  /** Corrects a period once, in whichever of those close to it the id was seen before. */
  synchronized Corrected correct(Span span, Entry correction) {
    Tenure tenure = tenures.get(span.key());
    if (tenure == null && tenures.recovered(span.key()) == null) {
      return Corrected.UNKNOWN;
    }
    Span before = current.term().span.before(config);
    if (tenures.isCorrectedBy(correction.id(), List.of(span, span.before(config), before))) {
      return Corrected.SEEN;
    }
    Term term = tenure == null ? begin(span).term() : tenure.term();
    return term.correct(config, correction);
  }

  /** The period of this key, as far as this process knows it, or null. */
  synchronized @Nullable BudgetMonth month(String key) {
    Tenure tenure = tenures.get(key);
    Sheet sheet = tenure == null ? tenures.recovered(key) : null;
    if (tenure == null && sheet == null) {
      return null;
    }
    Span span = Span.of(config, 0);
    Term term = tenure == null ? past(span, sheet) : tenure.term();
    return term.month(config);
  }

  private static Term past(Span span, @Nullable Sheet sheet) {
    return new Term(span, Long.MAX_VALUE, new Sums(label -> Counter.FORGOTTEN, true), sheet);
  }

  private void learned(long hour, Standing standing, long micros) {
    journal.append(
        new Entry(
            Entry.Kind.HOUR, Long.toString(hour), config.name(), "", standing.name(), micros));
  }

  private synchronized Tenure enter(long nowMillis) {
    Span span = Span.of(config, nowMillis);
    Tenure over = current;
    if (over != null && pacer != null && !over.term().span.key().equals(span.key())) {
      Term last = over.term();
      pacer.turn(Math.min(nowMillis, last.span.endMillis()), last.tally(config, standings));
    }
    paceMillis = 0;
    Tenure known = tenures.get(span.key());
    Tenure tenure = known == null ? begin(span) : known;
    if (pacer != null) {
      tenures.carry(config, over == null ? null : over.term(), tenure);
    }
    current = tenure;
    if (tenure.keeper() != null) {
      tenure.keeper().start();
    }
    return tenure;
  }

  private Tenure begin(Span span) {
    String name = config.name();
    Sums sums = new Sums(label -> journal.counter(name, span.key(), label), pacer != null);
    long granted = sharing == null ? Long.MAX_VALUE : 0;
    Term term = new Term(span, granted, sums, journal.recovered(name, span.key()));
    Tenure tenure = new Tenure(term, sharing == null ? null : new LeaseKeeper(this, term, sharing));
    tenures.add(tenure);
    return tenure;
  }

  /**
   * Nobody asks for it any more, unless it would be missed.
   *
   * @return whether it is so; then who asks all the same is told that it ended
   */
  synchronized boolean end(long nowMillis) {
    Term term = term(nowMillis);
    long used = term.used();
    boolean ended = isIdle(term) && term.end(used);
    if (ended) {
      tenures.end();
    }
    return ended;
  }

  /** Whether nothing would be missed if it were forgotten: all is stated, or nothing was done. */
  private boolean isIdle(Term term) {
    return alone() ? term.isUntouched() : tenures.rest();
  }

  /** Whether its budget is in no plan any more, so that its lease need not be kept. */
  void retire(boolean retired) {
    boolean back = this.retired && !retired;
    this.retired = retired;
    LeaseKeeper keeper = keeper();
    if (back && keeper != null) {
      keeper.start();
    }
  }

  /** Whether operators hear of it: of what all share, and of money. */
  boolean tells() {
    return !config.single() && !config.name().startsWith(BudgetConfig.Unit.PREFIX);
  }

  /** Whether its lease is given back once nobody asks. */
  boolean mayRest() {
    return retired || config.single();
  }

  /** Whether this period is the running one. */
  boolean runs(Term term) {
    return current.term() == term;
  }

  /** Keeps the running period's lease; null when the budget is not shared. */
  @Nullable LeaseKeeper keeper() {
    return current.keeper();
  }

  /** Leases more when little is left. */
  void refill() {
    LeaseKeeper keeper = keeper();
    if (keeper != null) {
      keeper.spent();
    }
  }

  /** Gives back what is leased, as the process ends. */
  synchronized Future<?> leave() {
    return tenures.leave();
  }

  boolean alone() {
    return sharing == null;
  }

  void record(Entry.Kind kind, String id, Term term, String subject, long micros) {
    journal.append(new Entry(kind, id, config.name(), term.span.key(), subject, micros));
  }

  /** Tells operators of what has these keys; the ledger knows of it once they have it. */
  void announce(Term term, Collection<String> keys, long nowMillis) {
    for (String key : tells() ? keys : Set.<String>of()) {
      Notice notice = Notice.ofKey(key);
      told.incrementAndGet(notice.kind().ordinal());
      listener.told(view(term, nowMillis), notice).onSuccess(had -> told(term, key));
    }
  }

  private void told(Term term, String key) {
    record(Entry.Kind.TOLD, key, term, "", 0);
    term.telling.have(key);
  }

  /** How often this process told of something. */
  long told(Kind kind) {
    return told.get(kind.ordinal());
  }

  /** Requests of all periods. */
  synchronized Counts counts() {
    return tenures.counts();
  }

  /** Tells what is due, if nobody else could tell it. */
  void announceAlone(Term term, long nowMillis) {
    if (alone() && tells() && term.telling.hasNews(term.level(config))) {
      announce(term, term.telling.tell(term.telling.due(term.level(config))), nowMillis);
    }
  }

  synchronized BudgetView view(Term term, long nowMillis) {
    Span span = term.span;
    long now = Math.min(nowMillis, span.endMillis());
    Tally tally = term.tally(config, standings);
    Forecast forecast =
        pacer == null
            ? new Forecast(tally.total(), tally.total(), tally.total(), 0, 0, 0)
            : pacer.forecast(span.startMillis(), now, span.endMillis(), tally);
    LeaseKeeper keeper = keeper();
    BudgetView.Store store =
        keeper == null
            ? BudgetView.Store.LOCAL
            : keeper.away() ? BudgetView.Store.AWAY : BudgetView.Store.SHARED;
    return term.view(config, store, forecast);
  }
}
