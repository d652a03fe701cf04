package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.price.Bill;
import app.avalo.gateway.filter.budget.price.Price;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What requests by one route, method and service are charged in each of their budgets: looked up
 * once for many of them. Belongs to one event loop.
 */
final class Tariff {
  private final List<BudgetConfig> budgets;
  private final @Nullable ServiceConfig service;
  private final String serviceName;
  private final String route;
  private final String method;
  private final @Nullable Rate[] rates;
  private @Nullable Object of; // the target, or the route without one, that it is kept for
  private final boolean personal; // each caller has its own
  private final boolean watched;
  private final boolean byBody;
  private @Nullable String callers; // the tier of who asked last, and what it is summed up under
  private String tier = "";

  /**
   * What they are charged in one budget, until it is configured anew.
   *
   * @param config of that moment
   * @param form of what the service tells
   * @param bound micro-units that one costs at most, without its body
   */
  record Rate(
      Account account,
      BudgetConfig config,
      Standing standing,
      Cost cost,
      Bill.Form form,
      long bound) {

    /** Micro-units to reserve for a body of that length. */
    long bound(long bodyBytes) {
      return bodyBytes == 0 ? bound : Price.upperBound(cost, bodyBytes);
    }
  }

  /**
   * A tariff.
   *
   * @param budgets that have to pay
   * @param service or null
   * @param route by name
   * @param method as sent
   */
  Tariff(List<BudgetConfig> budgets, @Nullable ServiceConfig service, String route, String method) {
    this.budgets = budgets;
    this.service = service;
    this.serviceName = service == null ? "" : service.name();
    this.route = route;
    this.method = method;
    this.rates = new Rate[budgets.size()];
    boolean personal = false;
    boolean watched = false;
    boolean byBody = false;
    for (int i = 0; i < rates.length; i++) { // of purses there is one for each request
      BudgetConfig budget = budgets.get(i);
      personal |= budget.per() != null;
      watched |= budget.abuse() != null;
      byBody |= budget.cost(route, method).perMebibyteIn() > 0;
    }
    this.personal = personal;
    this.watched = watched;
    this.byBody = byBody;
  }

  /** In how many budgets. */
  int size() {
    return rates.length;
  }

  String serviceName() {
    return serviceName;
  }

  /** What is charged in one of the budgets. */
  Rate rate(int i, BudgetLedger ledger) {
    Rate known = rates[i];
    return known != null && known.config == known.account.config() ? known : resolve(i, ledger);
  }

  private Rate resolve(int i, BudgetLedger ledger) {
    Account account = ledger.account(budgets.get(i));
    BudgetConfig config = account.config();
    Cost cost = config.cost(route, method);
    Rate rate =
        new Rate(
            account,
            config,
            Account.standing(config, service),
            cost,
            Bill.Form.of(cost, config.amount().micros()),
            Price.upperBound(cost, 0));
    rates[i] = rate;
    return rate;
  }

  /** The account of one of the budgets has ended; there is another one, or will be. */
  void ended(int i) {
    rates[i] = null;
  }

  /**
   * Who asks for money.
   *
   * @param bodyBytes announced, or 0
   * @param tier of the caller
   * @param spender who calls, users and API keys told apart; null when nobody watches
   * @param beganNanos when its exchange began
   */
  record Ask(
      Tariff tariff, long bodyBytes, String tier, @Nullable String spender, long beganNanos) {
    private static final int LONGEST_TIER = 32;

    /** Tiers are named by credentials; what looks like no name is summed up with its like. */
    static String tier(Caller caller) {
      String name = caller.tier();
      boolean plain = name.length() <= LONGEST_TIER;
      for (int i = 0; plain && i < name.length(); i++) {
        char c = name.charAt(i);
        plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-';
      }
      return plain ? name : "other";
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
  }

  /** What one of these requests asks for. */
  Ask ask(Exchange exchange) {
    return new Ask(
        this,
        byBody ? Ask.bodyBytes(exchange) : 0,
        tier(exchange.caller()),
        watched ? exchange.caller().name() : null,
        exchange.startNanos());
  }

  @SuppressWarnings("ReferenceEquality") // another text that is the same only costs time
  private String tier(Caller caller) {
    if (caller.tier() != callers) {
      callers = caller.tier();
      tier = Ask.tier(caller);
    }
    return tier;
  }

  static @Nullable ServiceConfig service(Exchange exchange) {
    Target target = exchange.target();
    return target == null ? null : target.service().config();
  }

  /** The budgets of a plan that a request is charged to. */
  static List<BudgetConfig> budgets(Exchange exchange) {
    Target target = exchange.target();
    return target == null ? exchange.route().budgets() : target.budgets();
  }

  /** Those of an event loop that were used lately, of the plan of its last request. */
  static final class Recent {
    private static final int PLACES = 64;

    private final Purses purses;
    private final @Nullable Tariff[] places = new Tariff[PLACES];
    private @Nullable Plan plan;

    Recent(Purses purses) {
      this.purses = purses;
    }

    /** The tariff of a request that has budgets. */
    Tariff of(Exchange exchange) {
      if (exchange.plan() != plan) {
        plan = exchange.plan();
        Arrays.fill(places, null);
      }
      Object of = exchange.target() == null ? exchange.route() : exchange.target();
      String method = exchange.method();
      int place = (System.identityHashCode(of) ^ method.hashCode()) & PLACES - 1;
      Tariff known = places[place];
      if (known == null || known.of != of || !known.method.equals(method)) {
        known = tariff(exchange, budgets(exchange));
        known.of = of;
        places[place] = known;
      }
      return known.personal ? personal(exchange) : known;
    }

    /** With purses of its caller, and so of nobody else. */
    private Tariff personal(Exchange exchange) {
      return tariff(exchange, purses.of(budgets(exchange), exchange.caller()));
    }

    private static Tariff tariff(Exchange exchange, List<BudgetConfig> budgets) {
      return new Tariff(budgets, service(exchange), exchange.route().name(), exchange.method());
    }
  }
}
