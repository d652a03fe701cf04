package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.config.unit.Rate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Binds limits and budgets. */
final class PolicyBinder {
  private PolicyBinder() {}

  static LimitConfig limit(String name, Section limit) {
    int cost = limit.whole("cost", 1);
    Bandwidth bandwidth = limit.has("rate") ? bandwidth(limit, cost) : null;
    if (bandwidth == null) {
      limit.unexpected("burst", "nothing, since there is no rate");
    }
    Map<String, Bandwidth> tiers = new LinkedHashMap<>();
    limit.entries("tiers", (tier, section) -> tiers.put(tier, bandwidth(section, cost)));
    if (bandwidth == null && tiers.isEmpty()) {
      limit.fault("rate", "missing (expected a rate, or tiers with rates)");
    }
    List<KeyPart> key =
        limit.has("key")
            ? limit.values("key", text -> Section.wordOf(text, KeyPart.class), "a key part")
            : List.of(KeyPart.CALLER);
    return new LimitConfig(
        name,
        key,
        bandwidth,
        ConfigBinder.ordered(tiers),
        limit.word("scope", LimitConfig.Scope.SHARED, LimitConfig.Scope.class),
        limit.word("onStoreDown", LimitConfig.OnStoreDown.LOCAL, LimitConfig.OnStoreDown.class),
        limit.flag("shadow", false),
        cost);
  }

  private static Bandwidth bandwidth(Section section, int cost) {
    Rate rate = section.rate("rate", "1/s");
    long burst = section.whole("burst", (int) Math.min(rate.count(), Integer.MAX_VALUE));
    if (burst < cost) {
      String place = section.has("burst") ? "burst" : "rate";
      section.unexpected(place, "a burst of at least the cost of one request, " + cost);
    }
    return new Bandwidth(rate, burst);
  }

  static BudgetConfig budget(String name, Section budget, Names names) {
    Money amount = budget.money("amount");
    Money total = amount == null ? new Money(0, "XXX") : amount;
    if (amount != null && amount.micros() == 0) {
      budget.unexpected("amount", "more than nothing");
    }
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
    return new BudgetConfig(
        name,
        total,
        budget.word("period", BudgetConfig.Period.MONTH, BudgetConfig.Period.class),
        services,
        routes,
        cost(budget.section("cost"), amount == null ? null : amount.currency()),
        alert,
        throttle,
        critical,
        budget.word("mode", BudgetConfig.Mode.THRESHOLDS, BudgetConfig.Mode.class),
        budget.share("outageAllowance", 0.01),
        Names.references(budget, "floors", "service", names.services()));
  }

  /** The fault is at whichever of the two keys the operator wrote. */
  private static void section(Section budget, String low, String high, String expected) {
    budget.unexpected(budget.has(low) ? low : high, expected);
  }

  private static BudgetConfig.Cost cost(Section cost, @Nullable String currency) {
    long perRequest = micros(cost, "perRequest", currency);
    String header = cost.textOrNull("header");
    if (header != null && !cost.has("reserve") && perRequest == 0) {
      cost.fault("reserve", "missing (expected the usual cost, since header tells it afterwards)");
    }
    boolean priced = cost.has("perMebibyteIn") || cost.has("perMebibyteOut");
    if (cost.isPresent() && header == null && !priced && !cost.has("perRequest")) {
      cost.fault("no price (expected perRequest, perMebibyteIn, perMebibyteOut or header)");
    }
    long reserve = cost.has("reserve") ? micros(cost, "reserve", currency) : perRequest;
    return new BudgetConfig.Cost(
        perRequest,
        micros(cost, "perMebibyteIn", currency),
        micros(cost, "perMebibyteOut", currency),
        header,
        reserve);
  }

  private static long micros(Section cost, String key, @Nullable String currency) {
    Money price = cost.money(key);
    if (price != null && currency != null && !price.currency().equals(currency)) {
      cost.unexpected(key, currency + " as in amount");
    }
    return price == null ? 0 : price.micros();
  }
}
