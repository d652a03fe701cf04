package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.budget.Tariff.Rate;
import app.avalo.gateway.filter.budget.price.Bill;
import app.avalo.gateway.filter.budget.price.Price;
import app.avalo.gateway.filter.budget.receipt.Call;
import app.avalo.gateway.filter.budget.term.Term;
import org.jspecify.annotations.Nullable;

/**
 * A bill with money held for it: what one exchange holds in one budget, and what it costs there.
 * The price is that of the moment of reservation. Belongs to the event loop of its exchange.
 */
final class Charge extends Bill {
  private static final long NANOS_PER_MILLI = 1_000_000;

  final Rate rate;
  private final long bound; // micro-units that one attempt costs at most
  Term term;
  @Nullable Charge next; // of the same exchange, in another budget
  @Nullable Call call; // of a request that may come again
  long held; // micro-units
  private long lost; // micro-units of attempts given up
  private long charged; // to periods that ended while it flowed

  Charge(Rate rate, Term term, long micros) {
    super(rate.form());
    this.rate = rate;
    this.bound = micros;
    this.term = term;
    this.held = micros;
  }

  Account account() {
    return rate.account();
  }

  private Cost cost() {
    return rate.cost();
  }

  /**
   * Micro-units that it cost so far and that were not charged yet, with so many more bytes of its
   * body and of the answer's.
   */
  long due(Exchange exchange, int in, int out, long nowNanos) {
    long millis = cost().perSecond() > 0 ? flowedMillis(exchange, nowNanos) : 0;
    long known = Price.known(cost(), exchange.bytesIn() + in, exchange.bytesOut() + out, millis);
    return Price.add(lost, Price.add(known, sum())) - charged;
  }

  private static long flowedMillis(Exchange exchange, long nowNanos) {
    long first = exchange.firstByteNanos();
    return first == 0 ? 0 : (nowNanos - first + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI;
  }

  /** Whether another attempt may cost the service's work once more. */
  boolean byAttempt() {
    return isTold() || cost().perRequest() > 0 || cost().perMebibyteIn() > 0;
  }

  /**
   * Micro-units of an attempt that was given up; what a service would have told of one without an
   * answer cannot be known.
   */
  long attempt(Exchange exchange) {
    return isTold() ? bound : Price.known(cost(), exchange.bytesIn(), 0, 0);
  }

  /** So much more was spent on attempts that were given up, or less. */
  void lose(long micros) {
    lost = Price.signed(lost, micros);
  }

  /** Whether less than half a slice is left beyond what is due. */
  boolean isLow(long due) {
    return cost().flows() && due > held - cost().slice() / 2;
  }

  /** Whether its budget counts in another currency by now, in which it has no price. */
  boolean isRevalued() {
    BudgetConfig then = rate.config();
    BudgetConfig now = account().config();
    return now != then && !now.amount().currency().equals(then.amount().currency());
  }

  /** How many bytes of an answer cost a slice. */
  long sliceBytes() {
    return Price.bytes(cost().perMebibyteOut(), cost().slice());
  }

  /** Likewise nanoseconds. */
  long sliceNanos() {
    long perSecond = cost().perSecond();
    return perSecond <= 0 ? Long.MAX_VALUE : (long) (1e9 * cost().slice() / perSecond);
  }

  /** Nanoseconds until it is low, or half way to where nothing is left once it is. */
  long lowNanos(Exchange exchange, long nowNanos, long most) {
    long perSecond = cost().perSecond();
    if (perSecond <= 0) {
      return most;
    }
    long left = held - due(exchange, 0, 0, nowNanos);
    long ahead = left - cost().slice() / 2;
    double micros = ahead > 0 ? ahead : Math.max(0, left / 2);
    long nanos = (long) Math.min(most, micros / perSecond * 1e9);
    return Math.max(NANOS_PER_MILLI, nanos);
  }

  /** More is held, or less. */
  void hold(long micros) {
    held = Price.signed(held, micros);
  }

  /** From here on another period pays; nothing is held in it yet. */
  void move(Term next, long due) {
    term = next;
    held = 0;
    charged = Price.add(charged, due);
  }

  /** Micro-units of its bound that no period was charged yet, while the service told nothing. */
  long untold() {
    return isComplete() ? 0 : Math.max(0, bound - charged);
  }

  /**
   * What the whole exchange costs here, but for what was charged before. When the service did not
   * tell, it is charged as reserved, at least.
   */
  long trueCost(Exchange exchange) {
    // Of an id the service does the work once, however many attempts it takes.
    long same = call == null ? 0 : lost;
    // A trailer may tell less than the head, for which a period that ended was charged.
    long due = Math.max(0, due(exchange, 0, 0, exchange.endNanos()) - same);
    return isComplete() ? due : Math.max(due, Math.max(held - same, untold()));
  }
}
