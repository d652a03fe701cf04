package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.price.Bill;
import app.avalo.gateway.filter.budget.price.Price;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Money held for one exchange in every budget it is charged to. The prices are those of the moment
 * of reservation. Metered and settled on the event loop of its exchange; whoever looks for holds
 * that nobody settles may be on another.
 */
final class Hold implements BudgetHold, BudgetLedger.Verdict {
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** A moment that is always near enough to look again. */
  private static final long NEVER_NANOS = 3_600_000_000_000L;

  final String service;
  final Account[] accounts;
  final Term[] terms; // guarded by this, from the reservation on
  final Standing[] standings;
  final Cost[] costs;
  final long[] held; // micro-units; guarded by this, from the reservation on
  private final long[] bounds; // micro-units that one attempt costs at most
  private final long[] lost; // micro-units of attempts given up; event loop of the exchange
  final long[] charged; // to periods that ended while it flowed; event loop of the exchange
  private final @Nullable Bill[] bills; // event loop of the exchange
  private final BudgetLedger ledger;
  private final String id;
  private final String tier;
  final @Nullable String user;
  private final long patienceMillis;
  private @Nullable String region; // event loop of the exchange
  private boolean flowing;
  private volatile long dueMillis; // event loop of the exchange
  private boolean settled; // guarded by this

  /**
   * Who asks for money, and what for.
   *
   * @param id of the hold
   * @param budgets that have to pay
   * @param service or null
   * @param route by name
   * @param method as sent
   * @param bodyBytes announced, or 0
   * @param tier of the caller
   * @param user who calls, or null
   * @param patienceMillis for which an exchange may be silent before its hold counts as forgotten
   */
  record Ask(
      String id,
      List<BudgetConfig> budgets,
      @Nullable ServiceConfig service,
      String route,
      String method,
      long bodyBytes,
      String tier,
      @Nullable String user,
      long patienceMillis) {
    Cost cost(BudgetConfig budget) {
      return budget.cost(route, method);
    }

    long upperBound(BudgetConfig budget) {
      return Price.upperBound(cost(budget), bodyBytes);
    }
  }

  Hold(BudgetLedger ledger, Ask ask, long nowMillis) {
    int budgets = ask.budgets().size();
    this.ledger = ledger;
    this.id = ask.id();
    this.tier = ask.tier();
    this.user = ask.user();
    this.service = ask.service() == null ? "" : ask.service().name();
    this.accounts = new Account[budgets];
    this.terms = new Term[budgets];
    this.standings = new Standing[budgets];
    this.costs = new Cost[budgets];
    this.held = new long[budgets];
    this.bounds = new long[budgets];
    this.lost = new long[budgets];
    this.charged = new long[budgets];
    this.bills = new Bill[budgets];
    this.patienceMillis = ask.patienceMillis();
    this.dueMillis = nowMillis + patienceMillis;
  }

  void at(int i, Account account, Term term, Standing standing, Cost cost, long micros) {
    accounts[i] = account;
    terms[i] = term;
    standings[i] = standing;
    costs[i] = cost;
    held[i] = micros;
    bounds[i] = micros;
    bills[i] = Bill.of(cost, account.config().amount().micros());
    flowing |= cost.flows();
  }

  @Override
  public String id() {
    return id;
  }

  int budgets() {
    return held.length;
  }

  /** The region that served it. */
  void servedBy(String region) {
    this.region = region;
  }

  /** Under which its cost is summed up. */
  Sums.Labels labels(Sums.Kept kept, String day) {
    return kept.of(service, tier, day, region);
  }

  @Nullable Bill bill(int i) {
    return bills[i];
  }

  /** Micro-units that it cost so far and that were not charged yet, with so many more bytes. */
  private long due(int i, Exchange exchange, int bytes, long nowNanos) {
    Bill bill = bills[i];
    long known =
        Price.known(
            costs[i],
            exchange.bytesIn(),
            exchange.bytesOut() + bytes,
            flowedMillis(exchange, nowNanos));
    return Price.add(lost[i], Price.add(known, bill == null ? 0 : bill.sum())) - charged[i];
  }

  private static long flowedMillis(Exchange exchange, long nowNanos) {
    long first = exchange.firstByteNanos();
    return first == 0 ? 0 : (nowNanos - first + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI;
  }

  @Override
  public boolean chargesAttempts() {
    for (int i = 0; i < costs.length; i++) {
      if (bills[i] != null || costs[i].perRequest() > 0 || costs[i].perMebibyteIn() > 0) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean again(Exchange exchange) {
    long[] micros = new long[costs.length];
    for (int i = 0; i < micros.length; i++) {
      // What a service would have told cannot be known of an attempt without an answer.
      micros[i] = bills[i] == null ? Price.known(costs[i], exchange.bytesIn(), 0, 0) : bounds[i];
    }
    boolean paid = ledger.again(this, micros);
    for (int i = 0; paid && i < micros.length; i++) {
      lost[i] = Price.add(lost[i], micros[i]);
    }
    return paid;
  }

  @Override
  public @Nullable GatewayError meter(Exchange exchange, int bytes, long nowNanos) {
    dueMillis = ledger.nowMillis() + patienceMillis;
    for (int i = 0; flowing && i < costs.length; i++) {
      long due = due(i, exchange, bytes, nowNanos);
      if (costs[i].flows() && due > held[i] - costs[i].slice() / 2) {
        Refused refused = refused(i, due);
        if (refused != null) {
          return refused.error(ledger.nowMillis());
        }
      }
    }
    return null;
  }

  /** Why no more can flow, or null; on credit of a slice while a lease is under way. */
  private @Nullable Refused refused(int i, long due) {
    BudgetLedger.Verdict no = ledger.extend(this, i, due);
    if (no instanceof BudgetLedger.Waiting waiting) {
      long credit = waiting.refused().usedUp() ? 0 : costs[i].slice();
      return due > Price.add(held[i], credit) ? waiting.refused() : null;
    }
    return due > held[i] ? (Refused) no : null;
  }

  @Override
  public long nextNanos(Exchange exchange, long nowNanos) {
    long next = nowNanos + NEVER_NANOS;
    for (int i = 0; flowing && i < costs.length; i++) {
      long perSecond = costs[i].perSecond();
      if (perSecond > 0) {
        // Half a slice before the hold is used up, and half way to there once that has passed.
        long left = held[i] - due(i, exchange, 0, nowNanos);
        long ahead = left - costs[i].slice() / 2;
        double micros = ahead > 0 ? ahead : Math.max(0, left / 2);
        long nanos = (long) Math.min(NEVER_NANOS, micros / perSecond * 1e9);
        next = Math.min(next, nowNanos + Math.max(NANOS_PER_MILLI, nanos));
      }
    }
    return next;
  }

  /** What the whole exchange costs in this budget, but for what was charged before. */
  long trueCost(int i, Exchange exchange) {
    long due = due(i, exchange, 0, exchange.endNanos());
    Bill bill = bills[i];
    // A service that should have told and did not is charged as reserved, at least.
    return bill == null || bill.isComplete() ? due : Math.max(due, held[i]);
  }

  /** Whether nobody has used it for longer than its exchange may be silent. */
  boolean isForgotten(long nowMillis) {
    return nowMillis > dueMillis;
  }

  /** More is held. */
  synchronized boolean grow(int i, long micros) {
    if (!settled) {
      held[i] = Price.add(held[i], micros);
    }
    return !settled;
  }

  /** Less is held after all. */
  synchronized void release(int i, long micros) {
    held[i] -= settled ? 0 : micros;
  }

  /** From here on another period pays; nothing is held in it yet. */
  synchronized boolean move(int i, Term next, long due) {
    if (!settled) {
      terms[i] = next;
      held[i] = 0;
      charged[i] = Price.add(charged[i], due);
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
