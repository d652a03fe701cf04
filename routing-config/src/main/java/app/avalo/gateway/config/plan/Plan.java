package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.unit.AddressRule;
import app.avalo.gateway.config.unit.AddressSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A compiled configuration.
 *
 * @param config as the files say
 * @param regions by ordinal
 * @param services by ordinal
 * @param routes by ordinal
 * @param table finds the route of a request
 * @param trustedHops {@link GatewayConfig#trustedHops()}, compiled
 * @param units what is counted
 */
public record Plan(
    GatewayConfig config,
    List<Region> regions,
    List<Service> services,
    List<Route> routes,
    RouteTable table,
    AddressSet trustedHops,
    List<BudgetConfig.Unit> units) {

  /** Compiles a valid configuration; cannot fail. */
  public static Plan compile(GatewayConfig config) {
    List<Region> regions = new ArrayList<>();
    config.regions().values().forEach(r -> regions.add(new Region(regions.size(), r)));
    Map<String, Service> services = new LinkedHashMap<>();
    for (ServiceConfig service : config.services().values()) {
      services.put(service.name(), service(services.size(), service, regions));
    }
    List<Route> routes = new ArrayList<>();
    for (RouteConfig route : config.routes()) {
      routes.add(route(routes.size(), route, config, services));
    }
    return new Plan(
        config,
        List.copyOf(regions),
        List.copyOf(services.values()),
        List.copyOf(routes),
        RouteTable.compile(routes),
        AddressSet.of(config.trustedHops()),
        List.copyOf(config.units().values()));
  }

  private static Service service(int ordinal, ServiceConfig config, List<Region> regions) {
    List<List<Endpoint>> endpoints = new ArrayList<>();
    for (Region region : regions) {
      endpoints.add(config.regions().getOrDefault(region.name(), List.of()));
    }
    return new Service(ordinal, config, List.copyOf(endpoints));
  }

  private static Route route(
      int ordinal, RouteConfig route, GatewayConfig config, Map<String, Service> services) {
    List<LimitConfig> limits = limits(config, List.of(), route.limits());
    List<BudgetConfig> budgets =
        config.budgets().values().stream().filter(b -> b.routes().contains(route.name())).toList();
    List<Target> targets = new ArrayList<>();
    int totalWeight = 0;
    if (route.action() instanceof RouteConfig.Forward forward) {
      for (RouteConfig.Weighted weighted : forward.services()) {
        Service service = services.get(weighted.service());
        Service cheaper = services.get(cheaper(config, service.name(), route.name()));
        Target instead =
            cheaper == null ? null : target(config, route, cheaper, weighted.weight(), null);
        targets.add(target(config, route, service, weighted.weight(), instead));
        totalWeight += weighted.weight();
      }
    }
    return new Route(
        ordinal,
        route,
        limits,
        budgets,
        List.copyOf(targets),
        totalWeight,
        PathRewrite.compile(route.rewrite(), route.match().path()),
        AddressRule.of(route.access().allow(), route.access().deny()));
  }

  private static Target target(
      GatewayConfig config,
      RouteConfig route,
      Service service,
      int weight,
      @Nullable Target cheaper) {
    return new Target(
        service,
        weight,
        limits(config, service.config().limits(), route.limits()),
        budgets(config, service.name(), route.name()),
        cheaper);
  }

  /** The name of the first cheaper service that one of its budgets has, or nothing. */
  private static String cheaper(GatewayConfig config, String service, String route) {
    for (BudgetConfig budget : budgets(config, service, route)) {
      if (budget.cheaper().containsKey(service)) {
        return budget.cheaper().get(service);
      }
    }
    return "";
  }

  private static List<LimitConfig> limits(
      GatewayConfig config, List<String> ofService, List<String> ofRoute) {
    Set<String> names = new LinkedHashSet<>(ofService);
    names.addAll(ofRoute);
    return names.stream().map(config.limits()::get).toList();
  }

  private static List<BudgetConfig> budgets(GatewayConfig config, String service, String route) {
    return config.budgets().values().stream()
        .filter(b -> b.services().contains(service) || b.routes().contains(route))
        .toList();
  }

  /** The region of this name, or null. */
  public @Nullable Region region(String name) {
    for (Region region : regions) {
      if (region.name().equals(name)) {
        return region;
      }
    }
    return null;
  }

  /** The service of this name, or null. */
  public @Nullable Service service(String name) {
    for (Service service : services) {
      if (service.name().equals(name)) {
        return service;
      }
    }
    return null;
  }
}
