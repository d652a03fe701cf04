package app.avalo.gateway.filter.budget.term;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.Sheet;
import app.avalo.gateway.filter.budget.lease.Corrected;
import app.avalo.gateway.filter.budget.lease.Lease;
import app.avalo.gateway.filter.budget.lease.Statement;
import app.avalo.gateway.filter.budget.pace.Demand;
import app.avalo.gateway.filter.budget.pace.Forecast;
import app.avalo.gateway.filter.budget.pace.Gate;
import app.avalo.gateway.filter.budget.pace.Shares;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.pace.Tally;
import app.avalo.gateway.filter.budget.price.Price;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Level;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of one budget in one period. Safe from every thread.
 *
 * <p>Invariant: requests without a floor are admitted only while {@code spent + reserved + ask <=
 * granted}, and never when what all replicas are known to have spent leaves no room. Alone,
 * everything is granted; among replicas, the granted slices add up to at most the amount. So
 * spending passes the amount by floors and by requests that cost more than was reserved for them,
 * never by concurrency. While the store cannot be reached, each replica may add its allowance to
 * what is granted, at most its part of what nobody held when it was last reached: so only replicas
 * that are cut off while others go on pass the amount, each by one allowance, and those that never
 * reached it, as many as are configured together by one.
 */
public final class Term {
  /** Sums up to it are exact in a script of Redis, too. */
  private static final long MOST = 1L << 53;

  public final Span span;
  private final long recovered; // from the ledger on disk
  private long spent; // by this replica, recovered included; corrections too while alone
  private long reserved;
  private boolean ended; // nobody asks any more
  private final Slice slice;
  public final Telling telling = new Telling();
  private final Counted counted = new Counted();
  public final Gate gate = new Gate();
  private long pacedAt; // total when the shares were made
  private int pacedLevel;
  private long movesAt; // total at which another level or share may begin
  private volatile boolean moved = true; // since then
  private long left = Long.MAX_VALUE; // of the lease; asked by whoever has just held more
  public final Orders orders = new Orders();
  private final Demand demand = new Demand();
  private final Sums sums;
  private final Corrections corrections;

  /**
   * A period.
   *
   * @param granted what this replica may spend before it leases
   * @param sums empty
   * @param before what the ledger on disk says of it, or null
   */
  public Term(Span span, long granted, Sums sums, @Nullable Sheet before) {
    this.span = span;
    slice = new Slice(granted);
    this.sums = sums;
    corrections = new Corrections(sums);
    // Counters that a machine lost may be less than a credit note that it kept.
    recovered = before == null ? 0 : Math.max(0, before.spent());
    spent = recovered;
    if (before != null) {
      telling.had(before.told());
      before.totals().forEach(sums::known);
      before.orders().values().forEach(order -> order(order.id(), order.micros()));
      before.corrections().values().forEach(corrections::add);
    }
  }

  private long amount(BudgetConfig budget) {
    return corrections.amount(budget);
  }

  /** What all replicas together have left, with nothing in flight. */
  private long unspent(BudgetConfig budget) {
    return amount(budget) - total();
  }

  private long room(long unspent) {
    return Math.min(slice.beyond(spent), unspent) - reserved;
  }

  private long total() {
    return Math.max(0, Price.signed(spent, slice.elsewhere()));
  }

  /** Holds the money, or says why not. */
  public synchronized Answer reserve(
      BudgetConfig budget, Standing standing, String service, long micros) {
    if (ended) {
      return Answer.ENDED;
    }
    long unspent = unspent(budget);
    demand.wanted(micros, unspent);
    demand.asked(standing, micros);
    if (standing != Standing.FLOOR) {
      if (gate.isShut()) {
        return Answer.FROZEN;
      }
      // Room first: a request that waits for a lease must not use up its place in the ramp.
      if (room(unspent) < micros) {
        return Answer.NO_ROOM;
      }
      if (!gate.take(standing)) {
        return Answer.PACED;
      }
    }
    hold(unspent, service, micros);
    demand.passed(standing, micros);
    counted.admitted++;
    return Answer.ADMITTED;
  }

  private void hold(long unspent, String service, long micros) {
    reserved = Price.add(reserved, micros);
    sums.hold(service, micros);
    left = slice.isEverything() ? Long.MAX_VALUE : room(unspent);
  }

  /** A request that found no room asks again. */
  public synchronized void comesBack(Standing standing, long micros) {
    demand.asksAgain(standing, micros);
  }

  /** Holds more for a request that was admitted, or says why not. */
  public synchronized Answer extend(
      BudgetConfig budget, Standing standing, String service, long micros) {
    long unspent = unspent(budget);
    demand.wanted(micros, unspent);
    if (standing != Standing.FLOOR) {
      if (gate.isShut()) {
        return Answer.FROZEN;
      }
      if (room(unspent) < micros) {
        return Answer.NO_ROOM;
      }
    }
    hold(unspent, service, micros);
    demand.asked(standing, micros);
    demand.passed(standing, micros);
    return Answer.ADMITTED;
  }

  /** More that was held for a request is given up because another budget refused. */
  public synchronized void shrink(Standing standing, String service, long micros) {
    reserved -= micros;
    sums.hold(service, -micros);
    demand.givenUp(standing, micros);
  }

  /** What {@link #reserve} would say now. */
  public synchronized Answer peek(BudgetConfig budget, Standing standing, long micros) {
    if (standing == Standing.FLOOR) {
      return Answer.ADMITTED;
    }
    if (gate.isShut()) {
      return Answer.FROZEN;
    }
    if (room(unspent(budget)) < micros) {
      return Answer.NO_ROOM;
    }
    return gate.peek(standing) ? Answer.ADMITTED : Answer.PACED;
  }

  /** A request that would be refused goes to a cheaper service. */
  public synchronized void diverted(Standing standing, long micros) {
    demand.asked(standing, micros);
    gate.miss(standing);
    counted.diverted++;
  }

  /** A hold that was made here is given up because another budget refused. */
  public synchronized void unreserve(Standing standing, String service, long micros) {
    shrink(standing, service, micros);
    counted.admitted--;
    if (standing != Standing.FLOOR) {
      gate.giveBack(standing);
    }
  }

  /** What the period has come to, services by their standing. */
  public synchronized Tally tally(BudgetConfig budget, Map<String, Standing> standings) {
    long[] spentBy = sums.by(standings);
    return new Tally(demand.askedBy(), demand.passedBy(), spentBy, total(), amount(budget));
  }

  /** From now on this share passes. */
  public synchronized void pace(BudgetConfig budget, Shares next) {
    gate.open(next);
    pacedAt = total();
    pacedLevel = level(budget);
    long level = Level.next(budget, pacedAt, amount(budget));
    movesAt = Math.min(level, Price.add(pacedAt, amount(budget) / 1000));
    moved = false;
  }

  /** Whether a level or a thousandth of the amount was reached since the shares were made. */
  public boolean moved() {
    return moved;
  }

  private void moves(BudgetConfig budget) {
    if (!moved && (total() >= movesAt || total() < pacedAt)) {
      moved = total() - pacedAt > amount(budget) / 1000 || level(budget) != pacedLevel;
    }
  }

  public synchronized void refused(Answer why) {
    counted.refused(why);
  }

  /** Whether the refusal would stand if nothing else were in flight. */
  public synchronized boolean usedUp(BudgetConfig budget, long micros) {
    return unspent(budget) < micros;
  }

  /**
   * Turns a hold into its true cost.
   *
   * @param labels under which it counts besides its service
   */
  public synchronized void settle(
      BudgetConfig budget, String service, Labels labels, long held, long cost) {
    reserved -= held;
    spent = Price.add(spent, cost);
    counted.settled(held, cost);
    sums.settle(service, labels, held, cost);
    moves(budget);
  }

  public synchronized BudgetView.Counts counts() {
    return counted.counts();
  }

  public synchronized void remark(Remark remark) {
    counted.remarked(remark);
  }

  /** Applies a correction once. */
  public synchronized Corrected correct(BudgetConfig budget, Entry entry) {
    if (corrections.has(entry.id())) {
      return Corrected.SEEN;
    }
    boolean raise = entry.kind() == Entry.Kind.RAISE;
    long sum = Price.signed(raise ? amount(budget) : spent, entry.micros());
    if (sum < 0 || sum > MOST) {
      return Corrected.IMPOSSIBLE;
    }
    corrections.add(entry);
    moved = true;
    spent = raise ? spent : sum;
    return Corrected.DONE;
  }

  /** Whether a correction of this id counts here. */
  public synchronized boolean isCorrectedBy(String id) {
    return corrections.has(id);
  }

  /** An operator's order holds until then. */
  public synchronized void order(String what, long untilMillis) {
    orders.give(what, untilMillis);
    moved = true;
  }

  public synchronized int level(BudgetConfig budget) {
    return Level.at(budget, total(), amount(budget)).ordinal();
  }

  /** Whether less than half of that was left of the lease when more was held last. */
  public boolean low(long headroom) {
    return left < headroom / 2;
  }

  public synchronized long used() {
    return Price.add(spent, reserved);
  }

  public synchronized long[] drainDemand() {
    return demand.drain();
  }

  /**
   * Gives back what is leased beyond {@code headroom}, see {@link Slice#handBack}. From here on no
   * more than what is kept can be spent.
   *
   * @return what is to be stated, used and kept, as one moment's truth
   */
  public synchronized long[] handBack(long headroom, long usual) {
    long used = Price.add(spent, reserved);
    long kept = slice.handBack(used, headroom, usual);
    return new long[] {slice.isMet() ? spent : recovered, used, kept};
  }

  /** Whether the store should know of it: a floor spends before that, too. */
  public synchronized boolean isKnown() {
    return slice.isMet() || recovered > 0;
  }

  /** What a statement has to name. */
  public synchronized List<String> labels(BudgetConfig budget, long nowMillis) {
    return sums.labels(budget.services(), Math.min(nowMillis, span.endMillis() - 1));
  }

  /** What is to be stated per label, in the given order. */
  public synchronized long[] statedBy(List<String> labels) {
    return slice.isMet() ? sums.own(labels) : sums.known(labels);
  }

  /** The store cannot be reached: what is leased has to last, and the allowance with it. */
  public synchronized void storeAway(BudgetConfig budget, int replicas) {
    slice.storeAway(Price.part(amount(budget), budget.outageAllowance()), replicas);
  }

  /** Nobody asks: without an exchange nothing is spent from here on, if this was all. */
  public synchronized boolean rest(long told) {
    boolean all = used() == told;
    if (all) {
      slice.rest();
    }
    return all;
  }

  /**
   * Takes over what the store answered to a statement.
   *
   * @return what it says that this replica spent before, and the ledger on disk does not, by label
   */
  public synchronized Map<String, Long> leased(BudgetConfig budget, Lease lease, Statement said) {
    boolean first = !slice.isMet();
    Map<String, Long> found = sums.leased(lease, said, first);
    if (first) {
      // A purse that was forgotten is back: what is spent since then comes on top of what it stated
      // before, and so its first statement says nothing new.
      spent = Price.add(spent, Math.max(0, lease.stated() - said.spent()));
    }
    slice.leased(lease);
    moved |= corrections.raise(lease.raised());
    moved |= orders.replace(lease.frozenUntil(), lease.freeUntil());
    moves(budget);
    return found;
  }

  /** Whether nothing was spent, held or corrected. */
  public synchronized boolean isUntouched() {
    return used() == 0 && corrections.isEmpty();
  }

  /**
   * Forgets its sums, unless something is held in them or it was used since so much was.
   *
   * @return whether it did; then nothing can be reserved here any more
   */
  public synchronized boolean end(long used) {
    if (reserved == 0 && spent == used) {
      ended = true;
      sums.end();
    }
    return ended;
  }

  public synchronized BudgetMonth month(BudgetConfig budget) {
    return new BudgetMonth(
        budget.name(), budget.amount().currency(), amount(budget), total(), sums.all());
  }

  public synchronized BudgetView view(
      BudgetConfig budget, BudgetView.Store store, Forecast forecast) {
    long amount = amount(budget);
    return new BudgetView(
        budget.title(),
        budget.amount().currency(),
        amount,
        total(),
        reserved,
        Level.at(budget, total(), amount),
        amount == 0 ? 1 : (double) total() / amount,
        gate.shares().other(),
        gate.shares().critical(),
        forecast,
        span.startMillis(),
        span.endMillis(),
        counted.counts(),
        Map.copyOf(sums.services()),
        orders.frozenUntil(),
        orders.freeUntil(),
        store);
  }
}
