package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.budget.Tariff.Ask;
import app.avalo.gateway.filter.budget.Tariff.Rate;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.lease.Lender;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.term.Answer;
import app.avalo.gateway.filter.budget.term.Labels;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.budget.term.Term;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.BudgetView.Counts;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The accounts of all budgets of a process: reserve, extend, settle, correct, show. A hold is made
 * once and settled once, both on its event loop; a correction counts once by its id. All else is
 * safe from every thread. What was spent survives reloads, and with a journal restarts.
 */
public final class BudgetLedger {
  private final Ticker ticker;
  private final Journal journal;
  private final BudgetListener listener;
  private final @Nullable Sharing sharing;
  private final ConcurrentMap<String, Account> accounts = new ConcurrentHashMap<>();
  private final List<Hold.Open> loops = new CopyOnWriteArrayList<>();
  private final BudgetDesk desk;
  private final Purses purses = new Purses(this);
  private final Slices slices = new Slices(this);
  private final Span.Today today = new Span.Today();
  private final Labels.Recent labels = new Labels.Recent();

  /**
   * What a process needs to share budgets with others.
   *
   * @param lender used on the home loop only
   * @param home runs tasks on the loop that owns the road to the store
   * @param timers of that loop
   * @param ticker the clock
   * @param replicas assumed by one that Redis has told nothing yet, at least 1
   */
  public record Sharing(Lender lender, Executor home, Timers timers, Ticker ticker, int replicas) {}

  /** What came of asking for money. */
  sealed interface Verdict permits Hold, Refused, Waiting {}

  /**
   * Not yet: ask again after the next exchange with the store.
   *
   * @param keeper runs the exchange
   * @param refused what the answer is if that does not help
   */
  record Waiting(LeaseKeeper keeper, Refused refused) implements Verdict {}

  private BudgetLedger(
      Ticker ticker, Journal journal, BudgetListener listener, @Nullable Sharing sharing) {
    this.ticker = ticker;
    this.journal = journal;
    this.listener = listener;
    this.sharing = sharing;
    this.desk = new BudgetDesk(this, journal, sharing);
  }

  /** The ledger of a gateway that owns its budgets alone. */
  public static BudgetLedger alone(Ticker ticker, Journal journal, BudgetListener listener) {
    return new BudgetLedger(ticker, journal, listener, null);
  }

  /** The ledger of one of many replicas. */
  public static BudgetLedger shared(Sharing sharing, Journal journal, BudgetListener listener) {
    return new BudgetLedger(sharing.ticker(), journal, listener, sharing);
  }

  /** Takes over a plan's budgets; call it with the first plan and after every swap. */
  public void configure(Plan plan) {
    long now = ticker.epochMillis();
    Set<String> named = new HashSet<>();
    for (BudgetConfig.Unit unit : plan.units()) {
      account(unit.account()).configure(unit.account(), Map.of(), now);
      named.add(unit.account().name());
    }
    for (BudgetConfig budget : plan.config().budgets().values()) {
      if (budget.per() != null) {
        continue; // each purse follows when it is used
      }
      Map<String, Standing> standings = new HashMap<>();
      plan.config()
          .services()
          .forEach((name, service) -> standings.put(name, Account.standing(budget, service)));
      account(budget).configure(budget, Map.copyOf(standings), now);
      named.add(budget.name());
    }
    accounts.forEach((name, account) -> account.retire(!named.contains(name)));
  }

  Account account(BudgetConfig budget) {
    Account known = accounts.get(budget.name());
    return known != null
        ? known
        : accounts.computeIfAbsent(
            budget.name(), name -> new Account(budget, journal, listener, sharing, ticker));
  }

  long nowMillis() {
    return ticker.epochMillis();
  }

  /** Reserves the upper bound in every budget, or in none; says so if it may wait for a lease. */
  Verdict reserve(Ask ask) {
    return reserve(ask, true);
  }

  /** Likewise of a request that has waited long enough unless it {@code mayWait}. */
  Verdict reserve(Ask ask, boolean mayWait) {
    long now = ticker.epochMillis();
    Hold hold = new Hold(slices, ask, now);
    for (int i = 0; i < ask.tariff().size(); i++) {
      Refused no = reserve(hold, ask, i, now);
      while (no != null && no.answer() == Answer.ENDED) {
        ask.tariff().ended(i);
        no = reserve(hold, ask, i, now);
      }
      if (no != null) {
        giveUp(hold);
        return mayWait ? waiting(ask, i, no) : no;
      }
    }
    refill(hold);
    return hold;
  }

  /** A request that comes back after an exchange is one all the same. */
  private Verdict waiting(Ask ask, int i, Refused no) {
    long micros = ask.tariff().rate(i, this).bound(ask.bodyBytes());
    Verdict verdict = helped(no, micros);
    if (verdict instanceof Waiting) {
      no.term().comesBack(no.standing(), micros);
    }
    return verdict;
  }

  /** Reserves in one of the budgets, or says why not. */
  private @Nullable Refused reserve(Hold hold, Ask ask, int i, long now) {
    Rate rate = ask.tariff().rate(i, this);
    Account account = rate.account();
    Term term = account.paced(now);
    long micros = rate.bound(ask.bodyBytes());
    Answer answer = term.reserve(rate.config(), rate.standing(), hold.service(), micros);
    if (answer != Answer.ADMITTED) {
      boolean usedUp = term.usedUp(rate.config(), micros);
      return new Refused(account, term, rate.standing(), answer, usedUp);
    }
    hold.add(new Charge(rate, term, micros));
    return null;
  }

  /** Under which counts what outlives its period. */
  Labels lastDay(Hold hold, Term over) {
    return hold.labels(labels, today.label(over.span.endMillis() - 1));
  }

  /** Where the holds of an event loop are kept until they are settled. */
  Hold.Open open(Executor loop) {
    Hold.Open made = new Hold.Open(loop);
    loops.add(made);
    return made;
  }

  /**
   * Charges holds that nobody settled in time at what was held, each on its event loop. An exchange
   * always ends, so this is for mistakes that would otherwise keep money out of reach.
   *
   * @param told how many, by each loop that has some
   */
  public void expire(IntConsumer told) {
    long now = ticker.nanos();
    for (Hold.Open holds : loops) {
      holds.execute(() -> expire(holds, holds.forgotten(now), told));
    }
  }

  private void expire(Hold.Open holds, List<Hold> forgotten, IntConsumer told) {
    for (Hold hold : forgotten) {
      holds.remove(hold);
      settle(hold, hold.held(), ticker.epochMillis());
    }
    if (!forgotten.isEmpty()) {
      told.accept(forgotten.size());
    }
  }

  /** Looks at all budgets as their next request will: what is due is told without one, too. */
  public void look() {
    long now = ticker.epochMillis();
    accounts.values().forEach(account -> account.paced(now));
  }

  /** Leases more where a hold left little. */
  static void refill(Hold hold) {
    for (Charge charge = hold.first; charge != null; charge = charge.next) {
      charge.account().refill();
    }
  }

  private static void giveUp(Hold hold) {
    for (Charge charge = hold.first; charge != null; charge = charge.next) {
      charge.term.unreserve(charge.rate.standing(), hold.service(), charge.held);
    }
  }

  /** A lease may help whoever needs so many micro-units. */
  static Verdict helped(Refused refused, long micros) {
    LeaseKeeper keeper = refused.account().keeper();
    return refused.answer() == Answer.NO_ROOM && keeper != null && keeper.mayHelp(micros)
        ? new Waiting(keeper, refused)
        : refused;
  }

  /** What {@link #reserve} would say of one budget, without asking for it. */
  Peek peek(Ask ask, int i) {
    Rate rate = ask.tariff().rate(i, this);
    return rate.account().peek(rate, rate.bound(ask.bodyBytes()), ticker.epochMillis());
  }

  /**
   * A decision that was only asked for.
   *
   * @param refused why not, or null
   * @param view the budget
   * @param ask micro-units that would be reserved
   */
  record Peek(@Nullable Refused refused, BudgetView view, long ask) {}

  /** Whether a budget would refuse; then the request goes to a cheaper service. */
  boolean diverts(Ask ask, int i, boolean explaining) {
    Rate rate = ask.tariff().rate(i, this);
    long micros = rate.bound(ask.bodyBytes());
    return rate.account().diverts(rate, micros, explaining, ticker.epochMillis());
  }

  /** Until when a spender is refused who spends far more of a budget than others, or 0. */
  long pausedUntil(Account account, String spender, boolean explaining) {
    long now = ticker.epochMillis();
    long until = account.spenders.pausedUntil(spender, now);
    if (until > 0 && !explaining) {
      account.term(now).refused(Answer.NO_ROOM);
    }
    return until;
  }

  /** Who spends much of a budget, or null if nobody knows it. */
  @Nullable Spenders spenders(String budget) {
    Account account = accounts.get(budget);
    return account == null ? null : account.spenders;
  }

  /**
   * Charges what a request truly cost, and releases the rest; once.
   *
   * @param costs micro-units by budget, 0 for a request that never reached an upstream
   * @param nowMillis about when it ended, for the day under which it counts
   * @return whether this call did it
   */
  boolean settle(Hold hold, long[] costs, long nowMillis) {
    if (!hold.settleOnce()) {
      return false;
    }
    Labels now = hold.labels(labels, today.label(nowMillis));
    // By the exchange's own time a machine that slept meanwhile would seem to set its clock back.
    long seen = hold.spender == null ? nowMillis : ticker.epochMillis();
    int i = 0;
    for (Charge charge = hold.first; charge != null; charge = charge.next) {
      long cost = costs[i++];
      Account account = charge.account();
      Term term = charge.term;
      Labels under = nowMillis < term.span.endMillis() ? now : lastDay(hold, term);
      term.settle(account.config(), hold.service(), under, charge.held, cost);
      account.settled(charge, hold.spender, cost, seen);
    }
    return true;
  }

  /** The budgets of a plan, in the order of its file. */
  public List<BudgetView> view(Plan plan) {
    List<BudgetView> views = new ArrayList<>();
    for (BudgetConfig budget : plan.config().budgets().values()) {
      views.add(budget.per() == null ? view(budget) : purses.fullest(budget));
    }
    return views;
  }

  /** A budget that all share. */
  public BudgetView view(BudgetConfig budget) {
    long now = ticker.epochMillis();
    Account account = account(budget);
    return account.view(account.paced(now), now);
  }

  /** Requests that a budget, or all of its purses, decided on since this process began. */
  public Counts counts(BudgetConfig budget) {
    return budget.per() == null ? account(budget).counts() : purses.counts(budget);
  }

  /** How often this process told of something. */
  public long told(BudgetConfig budget, Notice.Kind kind) {
    return account(budget).told(kind);
  }

  /** Tells the store all that was spent and gives back what is leased, as the process ends. */
  public Future<?> leave() {
    return Future.join(accounts.values().stream().map(Account::leave).toList());
  }

  /** Whether what is spent now would not outlive a crash of the machine: the journal fails. */
  public boolean failing() {
    return journal.failing();
  }

  /** Budgets that each has for itself. */
  public Purses purses() {
    return purses;
  }

  /** Forgets an account unless it would be missed. */
  boolean forget(String name, long now) {
    return null == accounts.computeIfPresent(name, (key, known) -> end(known, now) ? null : known);
  }

  private boolean end(Account account, long now) {
    boolean ended = account.end(now);
    if (ended && sharing != null) {
      journal.forget(account.config().name());
    }
    return ended;
  }

  /** Where operators change what is here. */
  public BudgetDesk desk() {
    return desk;
  }

  /**
   * For whom something was counted, as its cost is summed up.
   *
   * @param service that answered, or empty
   * @param tier of the caller
   * @param region that served it, or null
   */
  record Whose(String service, String tier, @Nullable String region) {}

  /**
   * Counts something that has a price of its own: a chat, a call, money earned.
   *
   * @param micros a million for one
   */
  void count(BudgetConfig.Unit unit, Whose whose, long micros) {
    long now = ticker.epochMillis();
    Account account = account(unit.account());
    Term term = account.term(now);
    Labels under = labels.of(whose.tier(), today.label(now), whose.region());
    term.settle(account.config(), whose.service(), under, 0, micros);
  }

  Collection<Account> accounts() {
    return accounts.values();
  }

  @Nullable Account known(String name) {
    return accounts.get(name);
  }
}
