package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Scope;
import app.avalo.gateway.config.section.Names;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.config.yaml.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Binds budgets: amounts, what is charged to them, and what each request costs. */
final class BudgetBinder {
  /** Sums of it stay below 2^53, up to which a Redis script, which has doubles, is exact. */
  private static final long MOST = 4_000_000_000L * Money.MICROS;

  private BudgetBinder() {}

  static BudgetConfig budget(String name, Section budget, Names names) {
    Money amount = budget.money("amount");
    Money total = amount == null ? new Money(0, "XXX") : amount;
    if (amount != null && amount.micros() == 0) {
      budget.unexpected("amount", "more than nothing");
    }
    bound(budget, "amount", amount);
    List<String> services = Names.references(budget, "services", "service", names.services());
    List<String> routes = Names.references(budget, "routes", "route", names.routes());
    if (budget.list("services").isEmpty() && budget.list("routes").isEmpty()) {
      budget.fault("for nothing (expected services or routes that are charged to it)");
    }
    double alert = budget.share("alertAt", 0.7);
    double throttle = budget.share("throttleAt", 0.8);
    double critical = budget.share("criticalAt", 0.9);
    if (alert > throttle) {
      section(budget, "alertAt", "throttleAt", "alertAt at most throttleAt");
    }
    if (throttle > critical) {
      section(budget, "throttleAt", "criticalAt", "throttleAt at most criticalAt");
    }
    String currency = amount == null ? null : amount.currency();
    return new BudgetConfig(
        name,
        total,
        budget.word("period", BudgetConfig.Period.MONTH, BudgetConfig.Period.class),
        services,
        routes,
        cost(budget.section("cost"), currency),
        prices(budget, names, currency),
        alert,
        throttle,
        critical,
        budget.word("mode", BudgetConfig.Mode.THRESHOLDS, BudgetConfig.Mode.class),
        budget.share("outageAllowance", 0.01),
        budget.duration("leaseExpiry", "5min"),
        Names.references(budget, "floors", "service", names.services()),
        cheaper(budget, names),
        abuse(budget, currency),
        per(budget));
  }

  private static void bound(Section section, String key, @Nullable Money money) {
    if (money != null && money.micros() > MOST) {
      section.unexpected(key, "at most 4000000000 " + money.currency());
    }
  }

  private static Map<String, String> cheaper(Section budget, Names names) {
    Map<String, String> cheaper = new LinkedHashMap<>();
    Set<String> known = names.services();
    budget
        .entries("cheaper")
        .forEach(
            (service, entry) -> {
              Node at = entry.value();
              String variant = Section.scalar(at, text -> text, "a service", budget.faults());
              if (variant != null
                  && Names.known(at.mark(), at.path(), service, "service", known, budget.faults())
                  && Names.known(
                      at.mark(), at.path(), variant, "service", known, budget.faults())) {
                if (variant.equals(service)) {
                  budget.faults().unexpected(at, "another service than " + service);
                }
                cheaper.put(service, variant);
              }
            });
    return ConfigBinder.ordered(cheaper);
  }

  private static BudgetConfig.@Nullable Per per(Section budget) {
    if (!budget.has("per")) {
      budget.unexpected("claim", "nothing, since per is not claim");
      return null;
    }
    Scope scope = budget.word("per", Scope.USER, Scope.class);
    if (scope == Scope.CLAIM && !budget.has("claim")) {
      budget.fault("claim", "missing (expected the claim that per means)");
    } else if (scope != Scope.CLAIM) {
      budget.unexpected("claim", "nothing, since per is not claim");
    }
    for (String common : List.of("mode", "alertAt", "throttleAt", "criticalAt", "abuse")) {
      budget.unexpected(common, "nothing, since the amount is not common");
    }
    return new BudgetConfig.Per(scope, budget.textOrNull("claim"));
  }

  private static BudgetConfig.@Nullable Abuse abuse(Section budget, @Nullable String currency) {
    if (!budget.has("abuse")) {
      return null;
    }
    Section abuse = budget.section("abuse");
    return new BudgetConfig.Abuse(
        abuse.whole("over", 20), micros(abuse, "least", currency), abuse.duration("pause", "1h"));
  }

  static BudgetConfig.Unit unit(String name, Section unit, Names names) {
    List<String> routes = Names.references(unit, "routes", "route", names.routes());
    if (unit.list("routes").isEmpty()) {
      unit.unexpected("methods", "nothing, since there are no routes");
      unit.unexpected("header", "nothing, since there are no routes");
    }
    return BudgetConfig.Unit.of(
        name,
        routes,
        unit.texts("methods"),
        unit.textOrNull("header"),
        Names.references(unit, "budgets", "budget", names.budgets()));
  }

  /** The fault is at whichever of the two keys the operator wrote. */
  private static void section(Section budget, String low, String high, String expected) {
    budget.unexpected(budget.has(low) ? low : high, expected);
  }

  private static List<BudgetConfig.Price> prices(
      Section budget, Names names, @Nullable String currency) {
    List<BudgetConfig.Price> prices = new ArrayList<>();
    for (Section price : budget.sections("prices")) {
      if (!price.has("routes") && !price.has("methods")) {
        price.fault("for every request (expected routes or methods; cost is for the rest)");
      }
      prices.add(
          new BudgetConfig.Price(
              Names.references(price, "routes", "route", names.routes()),
              price.texts("methods"),
              cost(price.section("cost"), currency)));
    }
    return List.copyOf(prices);
  }

  private static BudgetConfig.Cost cost(Section cost, @Nullable String currency) {
    long perRequest = micros(cost, "perRequest", currency);
    String header = cost.textOrNull("header");
    Map<String, Long> perThousand = new LinkedHashMap<>();
    Section counts = cost.section("perThousand");
    cost.entries("perThousand")
        .keySet()
        .forEach(name -> perThousand.put(name, micros(counts, name, currency)));
    boolean told = header != null || !perThousand.isEmpty();
    if (told && !cost.has("reserve") && perRequest == 0) {
      String by = header != null ? "header tells it" : "perThousand is counted";
      cost.fault("reserve", "missing (expected the usual cost, since " + by + " afterwards)");
    }
    long in = traffic(cost, "In", currency);
    long out = traffic(cost, "Out", currency);
    long perSecond = micros(cost, "perSecond", currency);
    if (cost.isPresent() && !told && !isPriced(cost)) {
      cost.fault(
          "no price (expected perRequest, perKibibyteIn, perKibibyteOut, perSecond, header or"
              + " perThousand)");
    }
    long reserve = cost.has("reserve") ? micros(cost, "reserve", currency) : perRequest;
    // Without another word: a MiB or ten seconds, whichever costs more.
    long flow = Math.max(Math.max(in, out), saturated(perSecond, 10));
    long slice = cost.has("slice") ? micros(cost, "slice", currency) : Math.max(reserve, flow);
    if (cost.has("slice") && slice == 0) {
      cost.unexpected("slice", "more than nothing");
    }
    if (in > 0 || out > 0 || perSecond > 0) {
      cost.unexpected("idempotencyKey", "nothing, since bytes and seconds cost each time");
    }
    return new BudgetConfig.Cost(
        perRequest,
        in,
        out,
        perSecond,
        header,
        ConfigBinder.ordered(perThousand),
        reserve,
        Math.max(1, slice),
        cost.textOrNull("idempotencyKey"));
  }

  private static boolean isPriced(Section cost) {
    return Stream.of(
            "perRequest",
            "perKibibyteIn",
            "perKibibyteOut",
            "perMebibyteIn",
            "perMebibyteOut",
            "perSecond")
        .anyMatch(cost::has);
  }

  /** Micro-units per MiB; a price per KiB is another way to say it. */
  private static long traffic(Section cost, String way, @Nullable String currency) {
    String small = "perKibibyte" + way;
    if (!cost.has(small)) {
      return micros(cost, "perMebibyte" + way, currency);
    }
    cost.unexpected("perMebibyte" + way, "nothing, since there is " + small);
    return saturated(micros(cost, small, currency), 1024);
  }

  private static long saturated(long micros, int times) {
    return micros > Long.MAX_VALUE / times ? Long.MAX_VALUE : micros * times;
  }

  private static long micros(Section cost, String key, @Nullable String currency) {
    Money price = cost.money(key);
    if (price != null && currency != null && !price.currency().equals(currency)) {
      cost.unexpected(key, currency + " as in amount");
    }
    bound(cost, key, price);
    return price == null ? 0 : price.micros();
  }
}
