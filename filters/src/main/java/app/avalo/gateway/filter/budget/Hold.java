package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.budget.price.Bill;
import app.avalo.gateway.filter.budget.price.Price;
import app.avalo.gateway.filter.budget.term.Sums;
import app.avalo.gateway.filter.budget.term.Term;
import io.vertx.core.MultiMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Money held for one exchange in every budget it is charged to; made once, settled once. Metered
 * and settled on the event loop of its exchange; whoever looks for holds that nobody settles may be
 * on another.
 */
final class Hold implements BudgetHold, BudgetLedger.Verdict {
  /** A moment that is always near enough to look again. */
  private static final long NEVER_NANOS = 3_600_000_000_000L;

  final String service;
  final Charge[] charges;
  final @Nullable String user;
  private final BudgetLedger ledger;
  private final String tier;
  private final long patienceNanos;
  private @Nullable String region; // event loop of the exchange
  private boolean flowing;
  private volatile long dueNanos; // event loop of the exchange
  private boolean settled; // guarded by this

  // Its place among those that are open; guarded there.
  int part;
  Hold before = this;
  Hold after = this;

  /**
   * Who asks for money, and what for.
   *
   * @param budgets that have to pay
   * @param service or null
   * @param route by name
   * @param method as sent
   * @param bodyBytes announced, or 0
   * @param tier of the caller
   * @param user who calls, or null
   * @param beganNanos when its exchange began
   * @param patienceNanos for which an exchange may be silent before its hold counts as forgotten
   */
  record Ask(
      List<BudgetConfig> budgets,
      @Nullable ServiceConfig service,
      String route,
      String method,
      long bodyBytes,
      String tier,
      @Nullable String user,
      long beganNanos,
      long patienceNanos) {
    Cost cost(BudgetConfig budget) {
      return budget.cost(route, method);
    }

    long upperBound(BudgetConfig budget) {
      return Price.upperBound(cost(budget), bodyBytes);
    }
  }

  Hold(BudgetLedger ledger, Ask ask) {
    this.ledger = ledger;
    this.tier = ask.tier();
    this.user = ask.user();
    this.service = ask.service() == null ? "" : ask.service().name();
    this.charges = new Charge[ask.budgets().size()];
    this.patienceNanos = ask.patienceNanos();
    this.dueNanos = ask.beganNanos() + patienceNanos;
  }

  void at(int i, Charge charge) {
    charges[i] = charge;
    flowing |= charge.cost.flows();
  }

  /** The region that served it. */
  void servedBy(String region) {
    this.region = region;
  }

  /** Under which its cost is summed up. */
  Sums.Labels labels(Sums.Kept kept, String day) {
    return kept.of(service, tier, day, region);
  }

  /** What the head or the trailers of an answer say of its cost. */
  void read(MultiMap fields) {
    for (Charge charge : charges) {
      Bill bill = charge.bill;
      if (bill != null) {
        bill.read(fields);
      }
    }
  }

  @Override
  public boolean chargesAttempts() {
    for (Charge charge : charges) {
      if (charge.byAttempt()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean again(Exchange exchange) {
    long[] micros = new long[charges.length];
    for (int i = 0; i < micros.length; i++) {
      micros[i] = charges[i].attempt(exchange);
    }
    boolean paid = ledger.again(this, micros);
    for (int i = 0; paid && i < micros.length; i++) {
      charges[i].lose(micros[i]);
    }
    return paid;
  }

  @Override
  public @Nullable GatewayError meter(Exchange exchange, int bytes, long nowNanos) {
    dueNanos = nowNanos + patienceNanos;
    for (int i = 0; flowing && i < charges.length; i++) {
      long due = charges[i].due(exchange, bytes, nowNanos);
      if (charges[i].isLow(due)) {
        Refused refused = refused(charges[i], due);
        if (refused != null) {
          return refused.error(ledger.nowMillis());
        }
      }
    }
    return null;
  }

  /** Why no more can flow, or null; on credit of a slice while a lease is under way. */
  private @Nullable Refused refused(Charge charge, long due) {
    BudgetLedger.Verdict no = ledger.extend(this, charge, due);
    if (no instanceof BudgetLedger.Waiting waiting) {
      long credit = waiting.refused().usedUp() ? 0 : charge.cost.slice();
      return due > Price.add(charge.held, credit) ? waiting.refused() : null;
    }
    return due > charge.held ? (Refused) no : null;
  }

  @Override
  public long nextNanos(Exchange exchange, long nowNanos) {
    long next = NEVER_NANOS;
    for (int i = 0; flowing && i < charges.length; i++) {
      next = Math.min(next, charges[i].lowNanos(exchange, nowNanos, NEVER_NANOS));
    }
    return nowNanos + next;
  }

  /** Whether nobody has used it for longer than its exchange may be silent. */
  boolean isForgotten(long nowNanos) {
    return nowNanos - dueNanos > 0;
  }

  /** More is held. */
  synchronized boolean grow(Charge charge, long micros) {
    if (!settled) {
      charge.held = Price.add(charge.held, micros);
    }
    return !settled;
  }

  /** Less is held after all. */
  synchronized void release(Charge charge, long micros) {
    charge.held -= settled ? 0 : micros;
  }

  /** From here on another period pays. */
  synchronized boolean move(Charge charge, Term next, long due) {
    if (!settled) {
      charge.move(next, due);
    }
    return !settled;
  }

  /** Whether this call is the one that settles. */
  synchronized boolean settleOnce() {
    boolean first = !settled;
    settled = true;
    return first;
  }
}
