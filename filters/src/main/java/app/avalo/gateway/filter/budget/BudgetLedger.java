package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.budget.Hold.Ask;
import app.avalo.gateway.filter.budget.Term.Answer;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.lease.Lender;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.price.Price;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The accounts of all budgets of a process: reserve, extend, settle, correct, show. Every operation
 * is idempotent by its id and safe from every thread; none waits. What was spent survives reloads,
 * and with a journal restarts.
 */
public final class BudgetLedger {
  /**
   * Settled holds remembered, so that a repeated reserve or settle changes nothing. Few enough to
   * stay in the nearest cache; requests never repeat the number in their hold's id.
   */
  private static final int REMEMBERED = 64;

  private final Ticker ticker;
  private final Journal journal;
  private final BudgetListener listener;
  private final @Nullable Sharing sharing;
  private final ConcurrentMap<String, Account> accounts = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, Hold> holds = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<Hold> settled = new ConcurrentLinkedQueue<>();
  private final AtomicInteger remembered = new AtomicInteger();
  private final AtomicLong sequence;
  private final BudgetDesk desk;
  private final Purses purses = new Purses(this);
  private final Span.Today today = new Span.Today();
  private final Sums.Kept kept = new Sums.Kept();

  /**
   * What a process needs to share budgets with others.
   *
   * @param lender used on the home loop only
   * @param home runs tasks on the loop that owns the road to the store
   * @param timers of that loop
   * @param ticker the clock
   */
  public record Sharing(Lender lender, Executor home, Timers timers, Ticker ticker) {}

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
    this.sequence = new AtomicLong(ticker.epochMillis() << 16); // no id twice in one journal
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
    for (BudgetConfig.Unit unit : plan.units()) {
      account(unit.account(), now).configure(unit.account(), Map.of(), now);
    }
    for (BudgetConfig budget : plan.config().budgets().values()) {
      if (budget.per() != null) {
        continue; // each purse follows when it is used
      }
      Map<String, Standing> standings = new HashMap<>();
      plan.config()
          .services()
          .forEach((name, service) -> standings.put(name, Account.standing(budget, service)));
      account(budget, now).configure(budget, Map.copyOf(standings), now);
    }
  }

  Account account(BudgetConfig budget, long now) {
    Account known = accounts.get(budget.name());
    return known != null
        ? known
        : accounts.computeIfAbsent(
            budget.name(), name -> new Account(budget, journal, listener, sharing, now));
  }

  long nowMillis() {
    return ticker.epochMillis();
  }

  long nextNumber() {
    return sequence.incrementAndGet();
  }

  /** Reserves the upper bound in every budget, or in none. */
  Verdict reserve(Ask ask) {
    Hold known = holds.get(ask.id());
    if (known != null) {
      return known;
    }
    long now = ticker.epochMillis();
    Hold hold = new Hold(this, ask, now);
    for (int i = 0; i < hold.budgets(); i++) {
      Account account = account(ask.budgets().get(i), now);
      BudgetConfig config = account.config();
      Term term = account.paced(now);
      long micros = ask.upperBound(config);
      Standing standing = Account.standing(config, ask.service());
      Answer answer = term.reserve(config, standing, micros);
      if (answer != Answer.ADMITTED) {
        giveUp(hold, i);
        return refusal(account, term, answer, micros);
      }
      hold.at(i, account, term, standing, ask.cost(config), micros);
    }
    Hold earlier = holds.putIfAbsent(ask.id(), hold);
    if (earlier != null) {
      giveUp(hold, hold.budgets());
      return earlier;
    }
    write(hold, Entry.Kind.RESERVE);
    return hold;
  }

  /**
   * Holds another slice, or at least as much as is due; in the period that runs by now.
   *
   * @param due micro-units that have to be held
   * @return why not, or not yet, or null
   */
  @Nullable Verdict extend(Hold hold, int i, long due) {
    Account account = hold.accounts[i];
    BudgetConfig config = account.config();
    Term term = account.term(ticker.epochMillis());
    long missing = due - hold.held[i];
    if (term != hold.terms[i]) {
      missing = Math.max(1, due - turn(hold, i, term, due));
    }
    long slice = Math.max(hold.costs[i].slice(), missing);
    long micros = slice;
    if (!term.extend(config, hold.standings[i], slice)) {
      micros = Math.max(1, missing);
      if (missing <= 0 || !term.extend(config, hold.standings[i], micros)) {
        Verdict no = refusal(account, term, Answer.NO_ROOM, Price.add(hold.held[i], micros));
        if (no instanceof Waiting waiting) {
          waiting.keeper().hurry();
        }
        return no;
      }
    }
    if (!hold.grow(i, micros)) {
      term.shrink(hold.standings[i], micros);
      return null;
    }
    account.record(Entry.Kind.EXTEND, hold.id(), term, hold.service, hold.held[i]);
    LeaseKeeper keeper = account.keeper();
    if (keeper != null) {
      keeper.spent(config);
    }
    return null;
  }

  /** Holds so much more in every budget, or in none, because another attempt may cost it. */
  boolean again(Hold hold, long[] micros) {
    for (int i = 0; i < micros.length; i++) {
      if (!more(hold, i, micros[i])) {
        for (int j = 0; j < i; j++) {
          hold.release(j, micros[j]);
          hold.terms[j].shrink(hold.standings[j], micros[j]);
        }
        return false;
      }
    }
    write(hold, Entry.Kind.EXTEND);
    return true;
  }

  private static boolean more(Hold hold, int i, long micros) {
    Term term = hold.terms[i];
    boolean room = term.extend(hold.accounts[i].config(), hold.standings[i], micros);
    if (room && !hold.grow(i, micros)) {
      term.shrink(hold.standings[i], micros);
      return false;
    }
    return room;
  }

  /** A period ended under an answer that flows: it pays for what flowed in it. */
  private long turn(Hold hold, int i, Term next, long due) {
    Term over = hold.terms[i];
    long held = hold.held[i];
    long cost = Math.min(due, held);
    if (hold.move(i, next, cost)) {
      Sums.Labels labels = hold.labels(kept, today.label(over.span.endMillis() - 1));
      over.settle(labels.each(), held, cost);
      hold.accounts[i].record(Entry.Kind.SETTLE, hold.id(), over, labels.subject(), cost);
      hold.accounts[i].record(Entry.Kind.RESERVE, hold.id(), next, hold.service, 0);
    }
    return cost;
  }

  /**
   * Charges holds that nobody settled in time at what was held. An exchange always ends, so this is
   * for mistakes that would otherwise keep money out of reach.
   *
   * @return how many
   */
  public int expire() {
    long now = ticker.epochMillis();
    int expired = 0;
    for (Hold hold : holds.values()) {
      if (hold.isForgotten(now) && settle(hold, hold.held.clone())) {
        expired++;
      }
    }
    return expired;
  }

  private static void write(Hold hold, Entry.Kind kind) {
    for (int i = 0; i < hold.budgets(); i++) {
      Account account = hold.accounts[i];
      account.record(kind, hold.id(), hold.terms[i], hold.service, hold.held[i]);
      LeaseKeeper keeper = account.keeper();
      if (keeper != null) {
        keeper.spent(account.config());
      }
    }
  }

  private static void giveUp(Hold hold, int upTo) {
    for (int i = 0; i < upTo; i++) {
      hold.terms[i].unreserve(hold.standings[i], hold.held[i]);
    }
  }

  private static Verdict refusal(Account account, Term term, Answer answer, long ask) {
    Refused refused = new Refused(account, term, answer, term.usedUp(account.config(), ask));
    LeaseKeeper keeper = account.keeper();
    return answer == Answer.NO_ROOM && keeper != null && keeper.mayHelp()
        ? new Waiting(keeper, refused)
        : refused;
  }

  /** What {@link #reserve} would say of one budget, without asking for it. */
  Peek peek(Ask asked, BudgetConfig budget) {
    long now = ticker.epochMillis();
    return account(budget, now).peek(asked, now);
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
  boolean diverts(Ask ask, BudgetConfig budget, boolean explaining) {
    long now = ticker.epochMillis();
    return account(budget, now).diverts(ask, explaining, now);
  }

  /** Until when a user is refused who spends far more of a budget than others, or 0. */
  long pausedUntil(BudgetConfig budget, String user, boolean explaining) {
    long now = ticker.epochMillis();
    Account account = account(budget, now);
    long until = account.spenders.pausedUntil(user, now);
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
   * @return whether this call did it
   */
  boolean settle(Hold hold, long[] costs) {
    if (!hold.settleOnce()) {
      return false;
    }
    Sums.Labels labels = hold.labels(kept, today.label(ticker.epochMillis()));
    for (int i = 0; i < hold.budgets(); i++) {
      Account account = hold.accounts[i];
      Term term = hold.terms[i];
      term.settle(labels.each(), hold.held[i], costs[i]);
      account.record(Entry.Kind.SETTLE, hold.id(), term, labels.subject(), costs[i]);
      account.settled(hold, i, costs[i], ticker.epochMillis());
    }
    settled.add(hold);
    if (remembered.incrementAndGet() > REMEMBERED) {
      Hold oldest = settled.poll();
      if (oldest != null) {
        remembered.decrementAndGet();
        holds.remove(oldest.id(), oldest);
      }
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

  private BudgetView view(BudgetConfig budget) {
    long now = ticker.epochMillis();
    Account account = account(budget, now);
    return account.view(account.paced(now), now);
  }

  /** Budgets that each has for itself. */
  public Purses purses() {
    return purses;
  }

  /** Forgets an account unless it would be missed. */
  boolean forget(String name, long now) {
    Account account = accounts.get(name);
    return account == null || account.isIdle(now) && accounts.remove(name, account);
  }

  /** Where operators change what is here. */
  public BudgetDesk desk() {
    return desk;
  }

  /**
   * Counts something that has a price of its own: a chat, a call, money earned.
   *
   * @param micros a million for one
   */
  void count(BudgetConfig.Unit unit, String service, long micros) {
    long now = ticker.epochMillis();
    Account account = account(unit.account(), now);
    Term term = account.term(now);
    List<String> labels = List.of(service, today.label(now));
    term.settle(labels, 0, micros);
    account.record(Entry.Kind.ADD, "", term, String.join("|", labels), micros);
  }

  @Nullable Account known(String name) {
    return accounts.get(name);
  }
}
