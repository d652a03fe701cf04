package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.budget.BudgetLedger.Peek;
import app.avalo.gateway.filter.budget.BudgetLedger.Verdict;
import app.avalo.gateway.filter.budget.BudgetLedger.Waiting;
import app.avalo.gateway.filter.budget.BudgetLedger.Whose;
import app.avalo.gateway.filter.budget.Tariff.Ask;
import app.avalo.gateway.filter.budget.Tariff.Rate;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.price.Price;
import app.avalo.gateway.filter.budget.receipt.Call;
import app.avalo.gateway.filter.budget.receipt.Receipt;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.term.Remark;
import app.avalo.gateway.filter.budget.term.Term;
import app.avalo.gateway.filter.budget.view.BudgetView;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Lets a request pass when every budget it is charged to can pay its upper bound; settles what it
 * truly cost when it is over. A request that never reached an upstream costs nothing.
 *
 * <p>Decides at once, except when a lease of the shared store has just run out: then the request
 * waits for one exchange with it, at most twice and once for each further budget. Exchanges that
 * the store did not answer do not count, until it counts as away and the allowance serves.
 */
public final class BudgetFilter implements Filter {
  /** Beyond one for each budget, whose leases may run out one after the other. */
  private static final int MORE_TRIES = 2;

  private static final int FAILED = 400;

  /** A unit's header is not believed beyond a million. */
  private static final long MOST_AT_ONCE = 1_000_000 * Money.MICROS;

  private static final Future<Void> KNOWN = Future.succeededFuture();

  private final BudgetLedger ledger;
  private final Hold.Open open;
  private final Tariff.Recent tariffs;
  private final Receipts receipts;
  private final long[] only = new long[1]; // the cost of one charge, within a call

  /**
   * The filter of one event loop.
   *
   * @param loop runs tasks on it
   * @param receipts of requests that carry an id
   */
  public BudgetFilter(BudgetLedger ledger, Executor loop, Receipts receipts) {
    this.ledger = ledger;
    this.receipts = receipts;
    this.open = ledger.open(loop);
    this.tariffs = new Tariff.Recent(ledger.purses());
  }

  @Override
  public void request(Exchange exchange, Next next) {
    if (Tariff.budgets(exchange).isEmpty()) {
      next.proceed(exchange);
      return;
    }
    Ask ask = tariffs.of(exchange).ask(exchange);
    GatewayError paused = paused(exchange, ask);
    if (paused != null) {
      next.reply(exchange, Reply.Local.of(paused));
    } else if (exchange.explaining()) {
      explain(exchange, next, ask);
    } else {
      reserve(exchange, next, ask, 1);
    }
  }

  /**
   * Whether a budget would refuse a request, so that a cheaper service has to do. Who is sent there
   * counts as demand, and brings the next in line nearer to the dear one.
   */
  public boolean refuses(Exchange exchange) {
    Ask ask = tariffs.of(exchange).ask(exchange);
    for (int i = 0; i < ask.tariff().size(); i++) {
      if (ledger.diverts(ask, i, exchange.explaining())) {
        return true;
      }
    }
    return false;
  }

  /** Why a caller is refused who spends far more than others, or null. */
  private @Nullable GatewayError paused(Exchange exchange, Ask ask) {
    String spender = ask.spender();
    for (int i = 0; spender != null && i < ask.tariff().size(); i++) {
      Rate rate = ask.tariff().rate(i, ledger);
      BudgetConfig budget = rate.config();
      if (budget.abuse() != null && rate.standing() != Standing.FLOOR) {
        long now = ledger.nowMillis();
        long until = ledger.pausedUntil(rate.account(), spender, exchange.explaining());
        if (until > now) {
          Explanation explanation = exchange.explanation();
          if (explanation != null) {
            explanation.add("budget", "refuse", Map.of("budget", budget.name(), "by", "abuse"));
          }
          return Refused.paused(budget, until, now);
        }
      }
    }
    return null;
  }

  private void reserve(Exchange exchange, Next next, Ask ask, int attempt) {
    boolean mayWait = attempt < ask.tariff().size() + MORE_TRIES;
    Verdict verdict = ledger.reserve(ask, mayWait);
    if (verdict instanceof Hold hold) {
      hold.of(exchange);
      begin(exchange, hold);
      open.add(hold);
      exchange.budget(hold);
      next.proceed(exchange);
    } else if (verdict instanceof Waiting waiting) {
      waiting.keeper().await(() -> open.execute(() -> again(exchange, next, ask, attempt + 1)));
    } else if (verdict instanceof Refused refused) {
      refused.term().refused(refused.answer());
      next.reply(exchange, Reply.Local.of(refused.error(ledger.nowMillis())));
    }
  }

  private void begin(Exchange exchange, Hold hold) {
    for (Charge charge = hold.first; charge != null; charge = charge.next) {
      String header = charge.rate.cost().idempotencyKey();
      if (header != null) {
        charge.call = call(exchange, hold, charge, header);
      }
    }
  }

  private Call call(Exchange exchange, Hold hold, Charge charge, String header) {
    BudgetConfig budget = charge.account().config();
    return Call.begin(
        receipts, exchange, budget, header, charge.held, paid -> hold.less(charge, paid));
  }

  private void again(Exchange exchange, Next next, Ask ask, int attempt) {
    if (exchange.endNanos() == 0) {
      reserve(exchange, next, ask, attempt);
    } else {
      GatewayError gone = new GatewayError(Kind.CLIENT_GONE, "The client left while waiting.");
      next.reply(exchange, Reply.Local.of(gone));
    }
  }

  private void explain(Exchange exchange, Next next, Ask ask) {
    Explanation explanation = exchange.explanation();
    for (int i = 0; i < ask.tariff().size(); i++) {
      Peek peek = ledger.peek(ask, i);
      BudgetView view = peek.view();
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("budget", view.name());
      facts.put("level", view.level().name());
      facts.put("spent", view.spent());
      facts.put("amount", view.amount());
      facts.put("currency", view.currency());
      facts.put("share", view.share());
      facts.put("reserve", peek.ask());
      Refused refused = peek.refused();
      facts.put("decision", refused == null ? "pass" : refused.answer().name());
      if (explanation != null) {
        explanation.add("budget", refused == null ? "pass" : "refuse", facts);
      }
      if (refused != null) {
        next.reply(exchange, Reply.Local.of(refused.error(ledger.nowMillis())));
        return;
      }
    }
    next.proceed(exchange);
  }

  @Override
  public void response(Exchange exchange, Reply reply) {
    if (!(reply instanceof Reply.Proxied proxied)) {
      return;
    }
    if (exchange.budget() instanceof Hold hold) {
      hold.read(proxied.headers());
    }
    List<BudgetConfig.Unit> units = exchange.plan().units();
    for (int i = 0; i < units.size(); i++) {
      BudgetConfig.Unit unit = units.get(i);
      if (proxied.status() < FAILED && unit.counts(exchange.route().name(), exchange.method())) {
        count(unit, proxied.headers(), exchange);
      }
    }
  }

  private void count(BudgetConfig.Unit unit, MultiMap headers, Exchange exchange) {
    long micros = Money.MICROS;
    if (unit.header() != null) {
      String amount = headers.get(unit.header());
      micros = amount == null ? 0 : Price.parse(amount, MOST_AT_ONCE);
    }
    if (micros <= 0) {
      return;
    }
    Whose whose = whose(exchange);
    Receipt receipt = receipt(unit, exchange);
    if (receipt == null) {
      ledger.count(unit, whose, micros);
      return;
    }
    long told = micros;
    receipts
        .charge(receipt, micros)
        .onComplete(
            (charged, unknown) -> {
              long more = charged == null ? told : charged.micros();
              if (more > 0) {
                ledger.count(unit, whose, more);
              }
            });
  }

  /** What an id has counted for, whose repeats count for no more; null for a request without. */
  private static @Nullable Receipt receipt(BudgetConfig.Unit unit, Exchange exchange) {
    if (exchange.budget() instanceof Hold hold) {
      for (Charge charge = hold.first; charge != null; charge = charge.next) {
        String header = charge.rate.cost().idempotencyKey();
        if (header != null && charge.call != null) {
          return Receipt.of(exchange, unit.account(), header);
        }
      }
    }
    return null;
  }

  /** For whom an answer counts, once a region has given it. */
  private static Whose whose(Exchange exchange) {
    ServiceConfig service = Tariff.service(exchange);
    Region region = exchange.region();
    return new Whose(
        service == null ? "" : service.name(),
        Ask.tier(exchange.caller()),
        region == null ? null : region.name());
  }

  @Override
  public void end(Exchange exchange) {
    if (!(exchange.budget() instanceof Hold hold)) {
      return;
    }
    MultiMap trailers = exchange.trailers();
    if (trailers != null) {
      hold.read(trailers);
    }
    Charge first = hold.first;
    boolean waits = first == null || first.next != null || first.call != null;
    long[] costs = waits ? new long[hold.size()] : only;
    Future<?> known = KNOWN;
    int i = 0;
    for (Charge charge = first; charge != null; charge = charge.next) {
      costs[i] = exchange.wasSent() ? charge.trueCost(exchange) : 0;
      if (exchange.wasSent() && !charge.isComplete()) {
        charge.term.remark(Remark.UNREADABLE);
      }
      Call call = charge.call;
      if (call != null && !hold.isSettled()) {
        Future<?> one = once(call, charge.term, i, costs);
        known = known == KNOWN ? one : Future.join(known, one);
      }
      i++;
    }
    long millis = hold.millis(exchange.endNanos());
    if (known == KNOWN) {
      settle(hold, costs, millis);
    } else {
      known.onComplete(done -> settle(hold, costs, millis));
    }
  }

  /** Takes off what the id of a request has paid; what is held stays until that is known. */
  private static Future<?> once(Call call, Term term, int i, long[] costs) {
    long cost = costs[i];
    return call.end(cost)
        .onSuccess(
            charged -> {
              costs[i] = charged.micros();
              if (charged.repeat() && cost > 0) {
                term.remark(Remark.REPEATED);
              }
            })
        .onFailure(
            unknown -> {
              if (cost > 0) {
                term.remark(Remark.FORGOTTEN);
              }
            });
  }

  private void settle(Hold hold, long[] costs, long millis) {
    if (ledger.settle(hold, costs, millis)) {
      open.remove(hold);
    }
  }
}
