package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.Sheet;
import app.avalo.gateway.filter.budget.lease.Lease;
import app.avalo.gateway.filter.budget.lease.Statement;
import app.avalo.gateway.filter.budget.pace.Demand;
import app.avalo.gateway.filter.budget.pace.Forecast;
import app.avalo.gateway.filter.budget.pace.Ramp;
import app.avalo.gateway.filter.budget.pace.Shares;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.pace.Tally;
import app.avalo.gateway.filter.budget.price.Price;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Level;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of one budget in one period. Every method is one short critical section; nothing is
 * called from inside it.
 *
 * <p>Invariant: requests without a floor are admitted only while {@code spent + reserved + ask <=
 * granted}, and never when what all replicas are known to have spent leaves no room. Alone,
 * everything is granted; among replicas, the granted slices add up to at most the amount. So
 * spending passes the amount by floors and by requests that cost more than was reserved for them,
 * never by concurrency. While the store cannot be reached, each replica may add its allowance to
 * what is granted, at most its part of what nobody held when it was last reached: so only replicas
 * that are cut off while others go on pass the amount, each by one allowance.
 */
final class Term {
  /** What the budget says. */
  enum Answer {
    ADMITTED,
    /** Only a share passes, so that the money lasts. */
    PACED,
    /** An operator froze it. */
    FROZEN,
    /** What is left, or leased, does not cover the request. */
    NO_ROOM
  }

  static final String FREEZE = "freeze";
  static final String FREE = "free";

  /** No shares were made, or they hold no longer. */
  private static final long UNPACED = Long.MIN_VALUE;

  final Span span;
  private long spent; // by this replica, corrections included while alone
  private long reserved;
  private long granted;
  private long part = Long.MAX_VALUE; // of what nobody holds, when the store was last reached
  private long allowance; // spendable beyond what is granted, while the store is away
  private long elsewhere; // by other replicas and corrections in the store; may be negative
  private long raised;
  final Telling telling = new Telling();
  private long unreadable;
  private long admitted;
  private long paced;
  private long diverted;
  private long refused;
  private long settled;
  private long underestimated;
  private Shares shares = Shares.ALL;
  private long pacedAt = UNPACED; // total when the shares were made
  private int pacedLevel;
  private long frozenUntil; // milliseconds since 1970; 0 if nobody froze it
  private long freeUntil; // likewise: until then nobody is slowed
  private final Demand demand = new Demand();
  private final Ramp criticalRamp = new Ramp();
  private final Ramp otherRamp = new Ramp();
  private final Sums sums = new Sums();
  private final Map<String, Entry> corrections = new LinkedHashMap<>();

  /**
   * A period.
   *
   * @param granted what this replica may spend before it leases
   * @param before what the ledger on disk says of it, or null
   */
  Term(Span span, long granted, @Nullable Sheet before) {
    this.span = span;
    this.granted = granted;
    if (before != null) {
      spent = before.spent();
      settled = before.settled();
      telling.tell(before.told());
      before.totals().forEach(sums::add);
      before.orders().values().forEach(order -> order(order.id(), order.micros()));
      before.corrections().values().forEach(this::remember);
      raised = raises(before);
    }
  }

  private static long raises(Sheet sheet) {
    long sum = 0;
    for (Entry entry : sheet.corrections().values()) {
      sum += entry.kind() == Entry.Kind.RAISE ? entry.micros() : 0;
    }
    return sum;
  }

  private long amount(BudgetConfig budget) {
    return Math.max(0, Price.add(budget.amount().micros(), raised));
  }

  private long room(BudgetConfig budget) {
    return Math.min(Price.add(granted, allowance) - spent, amount(budget) - total()) - reserved;
  }

  private long share(Standing standing) {
    return switch (standing) {
      case FLOOR -> Ramp.ONE;
      case CRITICAL -> Ramp.of(shares.critical());
      case OTHER -> Ramp.of(shares.other());
    };
  }

  private long total() {
    return Math.max(0, Price.signed(spent, elsewhere));
  }

  private Ramp ramp(Standing standing) {
    return standing == Standing.CRITICAL ? criticalRamp : otherRamp;
  }

  /** Holds the money, or says why not. */
  synchronized Answer reserve(BudgetConfig budget, Standing standing, long micros) {
    demand.wanted(micros);
    demand.asked(standing, micros);
    if (standing != Standing.FLOOR) {
      if (shares == Shares.NONE) {
        return Answer.FROZEN;
      }
      // Room first: a request that waits for a lease must not use up its place in the ramp.
      if (room(budget) < micros) {
        return Answer.NO_ROOM;
      }
      if (!ramp(standing).take(share(standing))) {
        return Answer.PACED;
      }
    }
    reserved = Price.add(reserved, micros);
    demand.passed(standing, micros);
    admitted++;
    return Answer.ADMITTED;
  }

  /** Holds more for a request that was admitted, if there is room for it. */
  synchronized boolean extend(BudgetConfig budget, Standing standing, long micros) {
    demand.wanted(micros);
    if (standing != Standing.FLOOR && (shares == Shares.NONE || room(budget) < micros)) {
      return false;
    }
    reserved = Price.add(reserved, micros);
    demand.asked(standing, micros);
    demand.passed(standing, micros);
    return true;
  }

  /** An extension that came too late for its hold. */
  synchronized void shrink(Standing standing, long micros) {
    reserved -= micros;
    demand.givenUp(standing, micros);
  }

  /** What {@link #reserve} would say now. */
  synchronized Answer peek(BudgetConfig budget, Standing standing, long micros) {
    if (standing == Standing.FLOOR) {
      return Answer.ADMITTED;
    }
    if (shares == Shares.NONE) {
      return Answer.FROZEN;
    }
    if (room(budget) < micros) {
      return Answer.NO_ROOM;
    }
    return ramp(standing).peek(share(standing)) ? Answer.ADMITTED : Answer.PACED;
  }

  /** A request that would be refused goes to a cheaper service. */
  synchronized void diverted(Standing standing, long micros) {
    demand.asked(standing, micros);
    ramp(standing).miss(share(standing));
    diverted++;
  }

  /** A hold that was made here is given up because another budget refused. */
  synchronized void unreserve(Standing standing, long micros) {
    shrink(standing, micros);
    admitted--;
    if (standing != Standing.FLOOR) {
      ramp(standing).giveBack(share(standing));
    }
  }

  /** What the period has come to, services by their standing. */
  synchronized Tally tally(BudgetConfig budget, Map<String, Standing> standings) {
    long[] spentBy = new long[Standing.values().length];
    sums.services()
        .forEach(
            (service, micros) -> {
              int i = standings.getOrDefault(service, Standing.OTHER).ordinal();
              spentBy[i] = Price.add(spentBy[i], micros);
            });
    return new Tally(demand.askedBy(), demand.passedBy(), spentBy, total(), amount(budget));
  }

  /** From now on this share passes. */
  synchronized void pace(BudgetConfig budget, Shares next) {
    shares = next;
    pacedAt = total();
    pacedLevel = level(budget);
  }

  /** Whether another level or a thousandth of the amount was reached since the shares were made. */
  synchronized boolean moved(BudgetConfig budget) {
    return pacedAt == UNPACED
        || total() - pacedAt > amount(budget) / 1000
        || level(budget) != pacedLevel;
  }

  synchronized void refused(Answer why) {
    paced += why == Answer.PACED ? 1 : 0;
    refused += why == Answer.PACED ? 0 : 1;
  }

  /** Whether the refusal would stand if nothing else were in flight. */
  synchronized boolean usedUp(BudgetConfig budget, long micros) {
    return amount(budget) - total() < micros;
  }

  /** Turns a hold into its true cost. */
  synchronized void settle(List<String> labels, long held, long cost) {
    reserved -= held;
    spent = Price.add(spent, cost);
    settled++;
    underestimated += cost > held ? 1 : 0;
    for (int i = 0; i < labels.size(); i++) {
      sums.add(labels.get(i), cost);
    }
  }

  synchronized void unreadable() {
    unreadable++;
  }

  /** Outcome of a correction. */
  enum Correction {
    DONE,
    /** Its id was seen before. */
    SEEN,
    /** A sum would fall below zero. */
    IMPOSSIBLE
  }

  /** Applies a correction once. */
  synchronized Correction correct(BudgetConfig budget, Entry entry) {
    if (corrections.containsKey(entry.id())) {
      return Correction.SEEN;
    }
    boolean raise = entry.kind() == Entry.Kind.RAISE;
    long sum = Price.signed(raise ? amount(budget) : spent, entry.micros());
    if (sum < 0) {
      return Correction.IMPOSSIBLE;
    }
    remember(entry);
    pacedAt = UNPACED;
    if (raise) {
      raised = Price.signed(raised, entry.micros());
    } else {
      spent = sum;
    }
    return Correction.DONE;
  }

  private void remember(Entry entry) {
    corrections.put(entry.id(), entry);
    if (entry.kind() == Entry.Kind.IMPORT) {
      sums.add(entry.subject(), entry.micros());
    }
  }

  /** An operator's order holds until then. */
  synchronized void order(String what, long untilMillis) {
    if (what.equals(FREEZE)) {
      frozenUntil = untilMillis;
    } else {
      freeUntil = untilMillis;
    }
    pacedAt = UNPACED;
  }

  synchronized long frozenUntil() {
    return frozenUntil;
  }

  synchronized long freeUntil() {
    return freeUntil;
  }

  synchronized int level(BudgetConfig budget) {
    return Level.at(budget, total(), amount(budget)).ordinal();
  }

  synchronized boolean low(BudgetConfig budget, long headroom) {
    return granted != Long.MAX_VALUE && room(budget) < headroom / 2;
  }

  synchronized long used() {
    return Price.add(spent, reserved);
  }

  synchronized long[] drainDemand() {
    return demand.drain();
  }

  /**
   * Gives back what is leased beyond {@code headroom}, and all of it when it would not pay for one
   * request. From here on no more than what is kept can be spent.
   *
   * @return spent, used and kept, as one moment's truth
   */
  synchronized long[] handBack(long headroom, long ask) {
    long used = Price.add(spent, reserved);
    long ahead = granted - used < ask ? 0 : headroom;
    granted = Math.min(granted, Price.add(used, ahead));
    return new long[] {spent, used, Math.max(granted, used)};
  }

  /** What a statement has to name. */
  synchronized List<String> labels(BudgetConfig budget, long nowMillis) {
    return sums.labels(budget.services(), nowMillis);
  }

  /** What this replica spent per label, in the given order. */
  synchronized long[] spentBy(List<String> labels) {
    return sums.own(labels);
  }

  /** The store cannot be reached: what is leased has to last, and the allowance with it. */
  synchronized void storeAway(BudgetConfig budget) {
    allowance = Math.min(part, (long) (amount(budget) * budget.outageAllowance()));
  }

  /** Takes over what the store answered to a statement. */
  synchronized void leased(Lease lease, Statement said) {
    granted = lease.granted();
    allowance = 0;
    part = lease.part();
    elsewhere = lease.spent() - said.spent();
    boolean ordered = frozenUntil != lease.frozenUntil() || freeUntil != lease.freeUntil();
    frozenUntil = lease.frozenUntil();
    freeUntil = lease.freeUntil();
    pacedAt = raised == lease.raised() && !ordered ? pacedAt : UNPACED;
    raised = lease.raised();
    for (int i = 0; i < lease.byService().length; i++) {
      long others = lease.byService()[i] - said.byService()[i];
      sums.ofOthers(said.services().get(i), others);
    }
  }

  /** Whether nothing was spent and nothing is held. */
  synchronized boolean isUntouched() {
    return spent == 0 && reserved == 0;
  }

  synchronized BudgetMonth month(BudgetConfig budget) {
    return new BudgetMonth(
        budget.name(), budget.amount().currency(), amount(budget), total(), sums.all());
  }

  synchronized BudgetView view(BudgetConfig budget, BudgetView.Store store, Forecast forecast) {
    long amount = amount(budget);
    return new BudgetView(
        budget.title(),
        budget.amount().currency(),
        amount,
        total(),
        reserved,
        Level.at(budget, total(), amount),
        amount == 0 ? 1 : (double) total() / amount,
        shares.other(),
        shares.critical(),
        forecast,
        span.startMillis(),
        span.endMillis(),
        new BudgetView.Counts(
            admitted, diverted, paced, refused, settled, unreadable, underestimated),
        Map.copyOf(sums.services()),
        frozenUntil,
        freeUntil,
        store);
  }
}
