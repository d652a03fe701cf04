package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.budget.BudgetLedger.Peek;
import app.avalo.gateway.filter.budget.BudgetLedger.Refused;
import app.avalo.gateway.filter.budget.BudgetLedger.Verdict;
import app.avalo.gateway.filter.budget.BudgetLedger.Waiting;
import app.avalo.gateway.filter.budget.Term.Answer;
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
 * waits for one exchange with it, at most three times.
 */
public final class BudgetFilter implements Filter {
  private static final int MOST_TRIES = 3;

  /** When to try again while only a share passes. */
  private static final int PACED_SECONDS = 60;

  private final BudgetLedger ledger;
  private final Executor loop;

  /**
   * The filter of one event loop.
   *
   * @param loop runs tasks on it
   */
  public BudgetFilter(BudgetLedger ledger, Executor loop) {
    this.ledger = ledger;
    this.loop = loop;
  }

  @Override
  public void request(Exchange exchange, Next next) {
    List<BudgetConfig> budgets = budgets(exchange);
    if (budgets.isEmpty()) {
      next.proceed(exchange);
    } else if (exchange.explaining()) {
      explain(exchange, next, budgets);
    } else {
      // The request id may come from outside; with a number of ours nobody can ride on a hold
      // that was paid for another request.
      String id = exchange.head().id() + '/' + Long.toHexString(ledger.nextNumber());
      reserve(exchange, next, id, 1);
    }
  }

  private static List<BudgetConfig> budgets(Exchange exchange) {
    var target = exchange.target();
    return target == null ? exchange.route().budgets() : target.budgets();
  }

  private void reserve(Exchange exchange, Next next, String id, int attempt) {
    Verdict verdict = ledger.reserve(id, budgets(exchange), service(exchange), bodyBytes(exchange));
    if (verdict instanceof Hold hold) {
      exchange.budget(hold);
      next.proceed(exchange);
    } else if (verdict instanceof Waiting waiting && attempt < MOST_TRIES) {
      waiting.keeper().await(() -> loop.execute(() -> again(exchange, next, id, attempt + 1)));
    } else {
      Refused refused = verdict instanceof Waiting waiting ? waiting.refused() : (Refused) verdict;
      refused.term().refused(refused.answer());
      next.reply(exchange, Reply.Local.of(error(refused)));
    }
  }

  private void again(Exchange exchange, Next next, String id, int attempt) {
    if (exchange.endNanos() == 0) {
      reserve(exchange, next, id, attempt);
    } else {
      GatewayError gone = new GatewayError(Kind.CLIENT_GONE, "The client left while waiting.");
      next.reply(exchange, Reply.Local.of(gone));
    }
  }

  private static @Nullable ServiceConfig service(Exchange exchange) {
    var target = exchange.target();
    return target == null ? null : target.service().config();
  }

  /** The announced length of the body, at most what the route lets pass; 0 when unknown. */
  private static long bodyBytes(Exchange exchange) {
    String length = exchange.header("content-length");
    if (length == null || length.isEmpty()) {
      return 0;
    }
    long limit = exchange.route().config().bodyBytes();
    long bytes = 0;
    for (int i = 0; i < length.length(); i++) {
      int digit = length.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return limit;
      }
      bytes = Math.min(limit, bytes * 10 + digit);
    }
    return bytes;
  }

  private GatewayError error(Refused refused) {
    String name = refused.account().config().name();
    LeaseKeeper keeper = refused.account().keeper();
    if (refused.usedUp()) {
      return new GatewayError(
          Kind.BUDGET,
          name,
          "The budget " + name + " is used up; it eases at " + refused.term().span.end() + ".",
          ledger.secondsUntil(refused.term().span.endMillis()));
    }
    if (refused.answer() == Answer.PACED) {
      return new GatewayError(
          Kind.BUDGET,
          name,
          "The budget "
              + name
              + " has to last until "
              + refused.term().span.end()
              + ", so only a share of requests passes; another try may.",
          PACED_SECONDS);
    }
    if (keeper != null && keeper.away()) {
      return new GatewayError(
          Kind.STORE_DOWN, name, "The budget " + name + " cannot be asked at the moment.", 1);
    }
    return new GatewayError(
        Kind.BUDGET,
        name,
        "What is left of the budget "
            + name
            + " is reserved by requests in flight; it eases as they end, at the latest at "
            + refused.term().span.end()
            + ".",
        1);
  }

  private void explain(Exchange exchange, Next next, List<BudgetConfig> budgets) {
    Explanation explanation = exchange.explanation();
    for (BudgetConfig budget : budgets) {
      Peek peek = ledger.peek(budget, service(exchange), bodyBytes(exchange));
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
        next.reply(exchange, Reply.Local.of(error(refused)));
        return;
      }
    }
    next.proceed(exchange);
  }

  @Override
  public void response(Exchange exchange, Reply reply) {
    if (reply instanceof Reply.Proxied proxied && exchange.budget() instanceof Hold hold) {
      for (int i = 0; i < hold.budgets(); i++) {
        String name = hold.costs[i].header();
        if (name != null) {
          long ceiling = hold.accounts[i].config().amount().micros();
          hold.fromHeader[i] = Price.parse(proxied.headers().get(name), ceiling);
        }
      }
    }
  }

  @Override
  public void end(Exchange exchange) {
    if (!(exchange.budget() instanceof Hold hold)) {
      return;
    }
    long[] costs = new long[hold.budgets()];
    if (exchange.wasSent()) {
      for (int i = 0; i < costs.length; i++) {
        Cost cost = hold.costs[i];
        costs[i] =
            Price.settled(
                cost, exchange.bytesIn(), exchange.bytesOut(), hold.fromHeader[i], hold.held[i]);
        if (cost.header() != null && hold.fromHeader[i] < 0) {
          hold.terms[i].unreadable();
        }
      }
    }
    ledger.settle(hold, costs);
  }
}
