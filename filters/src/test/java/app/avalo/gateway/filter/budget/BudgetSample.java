package app.avalo.gateway.filter.budget;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.Notice;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Budgets and services for tests: the budget {@code ai} pays for ai, chat and panic. */
public final class BudgetSample {
  private BudgetSample() {}

  public static BudgetConfig budget(String name, long amount, BudgetConfig.Cost cost) {
    return budget(name, amount, cost, 0);
  }

  static BudgetConfig budget(
      String name, long amount, BudgetConfig.Cost cost, double outageAllowance) {
    return budget(name, amount, cost, outageAllowance, BudgetConfig.Mode.THRESHOLDS);
  }

  public static BudgetConfig priced(BudgetConfig model, List<BudgetConfig.Price> prices) {
    return changed(model, model.period(), prices, model.leaseExpiry());
  }

  /** A replica that is silent for this long has spent what it leased. */
  static BudgetConfig expiring(BudgetConfig model, long millis) {
    return changed(model, model.period(), model.prices(), Duration.ofMillis(millis));
  }

  /** The amount is of a day. */
  static BudgetConfig daily(BudgetConfig model) {
    return changed(model, BudgetConfig.Period.DAY, model.prices(), model.leaseExpiry());
  }

  /** The same number of another currency. */
  static BudgetConfig in(String currency, BudgetConfig model) {
    Money amount = new Money(model.amount().micros(), currency);
    return changed(
        model,
        amount,
        model.services(),
        model.routes(),
        model.period(),
        model.prices(),
        model.leaseExpiry());
  }

  /** Charged by its route, whatever the service. */
  static BudgetConfig ofRoutes(BudgetConfig model) {
    return changed(
        model,
        model.amount(),
        List.of(),
        List.of("all"),
        model.period(),
        model.prices(),
        model.leaseExpiry());
  }

  private static BudgetConfig changed(
      BudgetConfig model,
      BudgetConfig.Period period,
      List<BudgetConfig.Price> prices,
      Duration leaseExpiry) {
    return changed(
        model, model.amount(), model.services(), model.routes(), period, prices, leaseExpiry);
  }

  private static BudgetConfig changed(
      BudgetConfig model,
      Money amount,
      List<String> services,
      List<String> routes,
      BudgetConfig.Period period,
      List<BudgetConfig.Price> prices,
      Duration leaseExpiry) {
    return new BudgetConfig(
        model.name(),
        amount,
        period,
        services,
        routes,
        model.cost(),
        prices,
        model.alertAt(),
        model.throttleAt(),
        model.criticalAt(),
        model.mode(),
        model.outageAllowance(),
        leaseExpiry,
        model.floors(),
        model.cheaper(),
        model.abuse(),
        model.per());
  }

  /** Of which each has the amount for itself. */
  public static BudgetConfig each(BudgetConfig model, BudgetConfig.Scope scope) {
    return new BudgetConfig(
        model.name(),
        model.amount(),
        model.period(),
        model.services(),
        model.routes(),
        model.cost(),
        model.prices(),
        model.alertAt(),
        model.throttleAt(),
        model.criticalAt(),
        model.mode(),
        model.outageAllowance(),
        model.leaseExpiry(),
        model.floors(),
        Map.of(),
        null,
        new BudgetConfig.Per(scope, scope == BudgetConfig.Scope.CLAIM ? "tenant" : null));
  }

  static BudgetConfig paced(String name, long amount, BudgetConfig.Cost cost) {
    return budget(name, amount, cost, 0, BudgetConfig.Mode.PACED);
  }

  private static BudgetConfig budget(
      String name,
      long amount,
      BudgetConfig.Cost cost,
      double outageAllowance,
      BudgetConfig.Mode mode) {
    return new BudgetConfig(
        name,
        new Money(amount, "PLN"),
        BudgetConfig.Period.MONTH,
        List.of("ai", "chat", "panic"),
        List.of(),
        cost,
        List.of(),
        0.7,
        0.8,
        0.9,
        mode,
        outageAllowance,
        Duration.ofMinutes(5),
        List.of("panic"),
        Map.of(),
        new BudgetConfig.Abuse(20, 500_000_000_000L, Duration.ofHours(1)),
        null);
  }

  /** Every request costs this much, known beforehand. */
  public static BudgetConfig.Cost flat(long micros) {
    return cost(micros, 0, 0, null, micros);
  }

  static BudgetConfig.Cost byHeader(@Nullable String header, long reserve) {
    return cost(0, 0, 0, header, reserve);
  }

  static BudgetConfig.Cost cost(
      long perRequest, long in, long out, @Nullable String header, long reserve) {
    return new BudgetConfig.Cost(
        perRequest, in, out, 0, header, Map.of(), reserve, Math.max(1, reserve), null);
  }

  /** Notes what operators are told, which they have at once. */
  static BudgetListener heard(Collection<Notice.Kind> told) {
    return (view, notice) -> {
      told.add(notice.kind());
      return BudgetListener.HAVE;
    };
  }

  /** What comes of it, waiting for the disk where there is one. */
  static <T> T done(Future<T> change) {
    return change.toCompletionStage().toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }

  /** Asks for a GET of the route {@code all}. */
  static Tariff.Ask ask(List<BudgetConfig> budgets, ServiceConfig service) {
    return new Tariff.Ask(new Tariff(budgets, service, "all", "GET"), 0, "vip", null, 0);
  }

  /** The first region serves it: {@code eu}. */
  static void served(Hold hold) {
    Exchange exchange = Exchanges.on(Plans.minimal()).live();
    exchange.attempt(exchange.plan().regions().get(0));
    hold.of(exchange);
  }

  /** An exchange passes, and ends; its service tells that cost, or nothing if it is empty. */
  static void served(BudgetFilter filter, Exchange exchange, String cost) {
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    exchange.attempt(exchange.plan().regions().get(0));
    exchange.sent();
    MultiMap headers = HttpHeaders.headers();
    if (!cost.isEmpty()) {
      headers.set("X-Cost", cost);
    }
    filter.response(exchange, new Reply.Proxied(200, headers));
    exchange.ended(1);
    filter.end(exchange);
  }

  static ServiceConfig service(String name, Priority priority) {
    ServiceConfig model = Plans.service(name, null);
    return new ServiceConfig(
        name,
        priority,
        model.protocol(),
        model.regions(),
        model.upstreamTls(),
        model.health(),
        model.timeouts(),
        model.retry(),
        model.balance(),
        null,
        false,
        List.of(),
        model.webSocket(),
        model.streams(),
        model.targets());
  }
}
