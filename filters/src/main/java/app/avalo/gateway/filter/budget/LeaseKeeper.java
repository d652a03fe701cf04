package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.lease.Lease;
import app.avalo.gateway.filter.budget.lease.Statement;
import app.avalo.gateway.filter.budget.price.Price;
import app.avalo.gateway.filter.budget.term.Term;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this replica's lease on one budget and period: enough ahead that requests rarely wait,
 * little enough that a replica that dies takes at most a thousandth of the amount (or four
 * requests' worth) with it, and that others find their part of what is scarce. One exchange with
 * the store is under way at a time; requests that found the lease empty meanwhile share the next.
 * While the store is away the period's allowance serves instead; the next statement that arrives
 * accounts for what was spent of it.
 *
 * <p>{@link #await}, {@link #hurry} and the readers are safe from every thread; the rest runs on
 * the loop that owns the road to the store.
 */
final class LeaseKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** For this long a store that had little is not asked again by who needs more than that. */
  private static final long SCANT_NANOS = 100_000_000;

  /** Requests that may wait for one exchange; more are refused at once. */
  private static final int MOST_WAITING = 4096;

  /** Exchanges before the process ends: one may be under way, and the answer of one get lost. */
  private static final int LAST_WORDS = 3;

  /** Seconds of demand to hold ahead. */
  private static final int AHEAD = 2;

  /** Requests that a lease pays for, however small a thousandth of the amount is. */
  private static final int AT_LEAST = 4;

  /** Without an answer for so long the store counts as away; until then it is only late. */
  private static final long AWAY_NANOS = 1_500_000_000;

  /** Between exchanges with a store that is late, while requests wait: at first, doubling. */
  private static final long LATE_NANOS = 20_000_000;

  private static final long LONGEST_LATE_NANOS = 160_000_000;

  /** Exchanges without demand until the lease is given back. */
  static final int IDLE = 10;

  /** Of a purse, of which there are many, and of a budget that is in no plan any more. */
  private static final int RESTING_IDLE = 3;

  private final Account account;
  private final Term term;
  private final BudgetLedger.Sharing sharing;
  private final ConcurrentLinkedQueue<Runnable> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiters = new AtomicInteger();
  private final AtomicBoolean hurried = new AtomicBoolean();
  private volatile boolean away = true; // home loop; not reached before the first answer
  private volatile long scant = Long.MAX_VALUE; // micro-units; home loop
  private volatile long scantNanos; // home loop, before scant
  private volatile long headroom; // home loop
  private boolean underWay;
  private boolean leaving; // nothing is leased ahead any more
  private volatile boolean ticking; // home loop
  private int idle;
  private long sequence;
  private long askedNanos; // since when demand is counted
  private long[] asked = new long[2]; // demand since then that no answer came for
  private long statedNanos;
  private long answeredNanos;
  private long wokeNanos; // has asked since then, without a rest
  private long lateNanos = LATE_NANOS; // until the next exchange with a store that is late
  private Timers.@Nullable Timer again; // that exchange
  private volatile long told = -1; // spent, as last stated; home loop
  private long leased = -1; // as the store said last

  LeaseKeeper(Account account, Term term, BudgetLedger.Sharing sharing) {
    this.account = account;
    this.term = term;
    this.sharing = sharing;
    this.sequence = sharing.ticker().epochMillis() * 1000; // above those of an earlier process
    this.askedNanos = sharing.ticker().nanos();
    this.answeredNanos = askedNanos - AWAY_NANOS;
  }

  /** Leases a first slice, and goes on until the period is over and all of it is stated. */
  void start() {
    sharing.home().execute(this::wake);
  }

  private void wake() {
    if (ticking) {
      exchange();
    } else {
      ticking = true;
      wokeNanos = sharing.ticker().nanos();
      tick();
    }
  }

  /** Whether all is stated and given back, until somebody asks again. */
  boolean rests() {
    return !ticking && waiters.get() == 0 && told == term.used();
  }

  boolean away() {
    return away;
  }

  /** Whether another exchange could bring so many micro-units. */
  boolean mayHelp(long micros) {
    return waiters.get() < MOST_WAITING
        && !(micros > scant && sharing.ticker().nanos() - scantNanos < SCANT_NANOS);
  }

  /**
   * Runs the task on the home loop after the next exchange that the store answers, or once the
   * store counts as away.
   */
  void await(Runnable retry) {
    waiters.incrementAndGet();
    waiting.add(retry);
    hurry();
  }

  /** Exchanges soon when the lease runs low; with a store that is away only if it rested. */
  void spent() {
    if (term.low(headroom) && (away ? !ticking : mayHelp(headroom))) {
      hurry();
    }
  }

  /** Exchanges as soon as possible. */
  void hurry() {
    if (hurried.compareAndSet(false, true)) {
      sharing.home().execute(this::wake);
    }
  }

  /**
   * States what was spent and gives back what is leased beyond what is used, for good: the process
   * ends. What is lost of this, and of what is still held, is charged like that of one killed.
   */
  Future<Void> leave() {
    Promise<Void> left = Promise.promise();
    sharing
        .home()
        .execute(
            () -> {
              leaving = true;
              leave(LAST_WORDS, left);
            });
    return left.future();
  }

  private void leave(int tries, Promise<Void> left) {
    if (tries == 0 || told == leased && told == term.used()) {
      left.complete();
    } else {
      await(() -> leave(tries - 1, left));
    }
  }

  private void tick() {
    exchange();
    account.paced(sharing.ticker().epochMillis()); // others spend while nobody asks here
    boolean kept = account.runs(term) && !(account.mayRest() && isIdle());
    ticking = kept || !term.rest(told) || !isTold();
    if (ticking) {
      sharing.timers().after(INTERVAL, this::tick);
    }
  }

  /** Whether operators have all that is due, from here or from others. */
  private boolean isTold() {
    return !account.tells() || term.telling.isOver(term.level(account.config()));
  }

  private void exchange() {
    if (underWay) {
      return;
    }
    hurried.set(false);
    underWay = true;
    BudgetConfig budget = account.config();
    Statement said = statement(budget);
    sharing.lender().exchange(said).onComplete(done -> answered(said, done.result(), done.cause()));
  }

  private Statement statement(BudgetConfig budget) {
    long[] demand = term.drainDemand();
    demand[0] = Price.add(demand[0], asked[0]);
    demand[1] = Math.max(demand[1], asked[1]);
    asked = demand;
    statedNanos = sharing.ticker().nanos();
    long slice = budget.cost().flows() ? budget.cost().slice() : 0;
    long usual = Math.max(slice, budget.cost().reserve());
    long ask = Math.max(demand[1], usual);
    idle = demand[0] > 0 ? 0 : idle + 1;
    headroom = ahead(budget, demand[0], ask, Math.max(1, statedNanos - askedNanos));
    // Where prices are all of routes or bytes, by what was asked for.
    long least = usual == 0 ? ask : usual;
    long[] sums = term.handBack(headroom, least);
    List<String> labels = term.labels(budget, sharing.ticker().epochMillis());
    return new Statement(
        where(budget),
        ++sequence,
        sums[2],
        Price.add(sums[1], headroom),
        Price.add(sums[1], Math.min(ask, headroom)),
        Price.add(sums[1], Math.min(least, headroom)),
        sums[1],
        sums[0],
        account.tells() ? List.copyOf(term.telling.due(term.level(budget))) : List.of(),
        term.telling.unstated(),
        term.isKnown(),
        labels,
        term.statedBy(labels));
  }

  Statement.Where where(BudgetConfig budget) {
    return new Statement.Where(
        budget.name(),
        term.span.key(),
        budget.amount().micros(),
        term.span.endMillis(),
        budget.leaseExpiry().toMillis());
  }

  private boolean isIdle() {
    return idle > (account.mayRest() ? RESTING_IDLE : IDLE);
  }

  private long ahead(BudgetConfig budget, long asked, long ask, long elapsedNanos) {
    if (leaving || isIdle() || !account.runs(term)) {
      return 0;
    }
    // Those who wait are in flight already; with a slice for four they would starve each other.
    long least = Price.multiply(ask, AT_LEAST + waiters.get());
    long most = Math.max(least, budget.amount().micros() / 1000);
    double wanted = AHEAD * 1e9 * asked / Math.max(elapsedNanos, 1_000_000);
    return Math.max(least, (long) Math.min(most, Math.max(wanted, headroom * 0.9)));
  }

  /**
   * What it had for more requests, if that did not do for the largest lately. Of a purse that is
   * back the store knows more than was said; then it pays to ask once more.
   */
  private static long scant(Statement said, Lease lease) {
    boolean known = lease.stated() <= said.spent();
    return known && lease.granted() < said.need() ? lease.granted() - said.used() : Long.MAX_VALUE;
  }

  /**
   * Whether there was no answer for too long. Who did not ask for so long, as it rested or is new,
   * has missed none: one that is only late is nothing yet.
   */
  private boolean isAway(Throwable failure, long now) {
    boolean late = failure instanceof StoreUnavailable known && known.late();
    long since = late ? Math.max(answeredNanos, wokeNanos) : answeredNanos;
    return now - since >= AWAY_NANOS;
  }

  /**
   * Nothing was granted, so what was asked for is asked for again: soon if requests wait, else with
   * the next statement, as one may be about to wait.
   */
  private void late(long now) {
    if (waiters.get() > 0) {
      askAgain(now);
    } else if (hurried.get()) {
      wake();
    }
  }

  /**
   * States the same demand again, ever more rarely so that many who are late do not make the store
   * later still, and at last when it counts as away. Nobody else hurries until then.
   */
  private void askAgain(long now) {
    hurried.set(true);
    if (again == null) {
      long left = Math.max(answeredNanos, wokeNanos) + AWAY_NANOS - now;
      again =
          sharing
              .timers()
              .after(
                  Duration.ofNanos(Math.min(lateNanos, left)),
                  () -> {
                    again = null;
                    wake();
                  });
      lateNanos = Math.min(LONGEST_LATE_NANOS, 2 * lateNanos);
    }
  }

  /** What was asked for is answered, or was for nothing. */
  private void askNoMore() {
    asked = new long[2];
    askedNanos = statedNanos;
    lateNanos = LATE_NANOS;
    if (again != null) {
      again.cancel();
      again = null;
    }
  }

  private void answered(Statement said, Lease lease, Throwable failure) {
    underWay = false;
    long now = sharing.ticker().nanos();
    boolean lost = failure != null && isAway(failure, now);
    if (failure != null && !lost) {
      late(now);
      return;
    }
    askNoMore();
    if (failure == null) {
      answeredNanos = now;
      // The clock may have been set back since an earlier process under this name.
      sequence = Math.max(sequence, lease.sequence());
      term.leased(account.config(), lease, said)
          .forEach((label, micros) -> account.record(Entry.Kind.ADD, "", term, label, micros));
      told = said.spent();
      leased = lease.granted();
      term.telling.stated(said.told());
      term.telling.haveFromOthers(lease.theirs());
      account.announce(term, term.telling.tell(lease.ours()), sharing.ticker().epochMillis());
    } else if (ticking) {
      term.storeAway(account.config(), sharing.replicas());
    }
    if (away != lost) {
      LOG.warn("budget store {}: budget={}", away ? "reached" : "lost", account.config().name());
      away = lost;
    }
    scantNanos = now;
    scant = failure == null ? scant(said, lease) : ticking ? 0 : Long.MAX_VALUE;
    // What came back is an answer for those who waited; who comes back meanwhile waits for the
    // next.
    for (int left = waiters.get(); left > 0; left--) {
      Runnable retry = waiting.poll();
      if (retry != null) {
        waiters.decrementAndGet();
        retry.run();
      }
    }
    if (hurried.get()) {
      wake(); // it may have come to rest while this one was under way
    }
  }
}
