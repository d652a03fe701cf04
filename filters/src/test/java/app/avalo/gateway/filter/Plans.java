package app.avalo.gateway.filter;

import app.avalo.gateway.config.AdminConfig;
import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.IdentityConfig;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.PlacingConfig;
import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.HostPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes small plans for tests, without YAML: regions {@code eu}, {@code us} and {@code asia}, one
 * service {@code feed} present in all of them, one route {@code all} that forwards everything.
 */
public final class Plans {
  private final Map<String, RegionConfig> regions = new LinkedHashMap<>();
  private final Map<String, ServiceConfig> services = new LinkedHashMap<>();
  private final List<RouteConfig> routes = new ArrayList<>();
  private final Map<String, LimitConfig> limits = new LinkedHashMap<>();
  private final Map<String, BudgetConfig> budgets = new LinkedHashMap<>();
  private final Map<String, BudgetConfig.Unit> units = new LinkedHashMap<>();
  private IdentityConfig identity = new IdentityConfig(List.of(), "X-Api-Key", List.of());
  private PlacingConfig placing =
      new PlacingConfig(null, null, List.of(), List.of("eu", "us", "asia"), List.of());
  private PinConfig pins = new PinConfig("gwpin", List.of(), Duration.ofDays(30));
  private StateConfig state = new StateConfig(null, null);

  private Plans() {
    region(new RegionConfig("eu", 0, "Berlin", 52.52, 13.40, Set.of("gdpr"), 0.5));
    region(new RegionConfig("us", 1, "San Francisco", 37.77, -122.42, Set.of(), 0.5));
    region(new RegionConfig("asia", 2, "Tokyo", 35.68, 139.69, Set.of(), 0.5));
  }

  /** The plan described above. */
  public static Plans minimal() {
    return new Plans();
  }

  /** Adds a region, or replaces the one of its name. */
  public Plans region(RegionConfig region) {
    regions.put(region.name(), region);
    return this;
  }

  /** Adds a service; without any there is {@code feed}. */
  public Plans service(ServiceConfig service) {
    services.put(service.name(), service);
    return this;
  }

  /** Adds a route; without any there is {@code all}, to the first service. */
  public Plans route(RouteConfig route) {
    routes.add(route);
    return this;
  }

  public Plans limit(LimitConfig limit) {
    limits.put(limit.name(), limit);
    return this;
  }

  public Plans unit(BudgetConfig.Unit unit) {
    units.put(unit.name(), unit);
    return this;
  }

  public Plans budget(BudgetConfig budget) {
    budgets.put(budget.name(), budget);
    return this;
  }

  public Plans identity(IdentityConfig identity) {
    this.identity = identity;
    return this;
  }

  public Plans placing(PlacingConfig placing) {
    this.placing = placing;
    return this;
  }

  public Plans pins(PinConfig pins) {
    this.pins = pins;
    return this;
  }

  public Plans state(StateConfig state) {
    this.state = state;
    return this;
  }

  public Plan compile() {
    return Plan.compile(config());
  }

  public GatewayConfig config() {
    Map<String, ServiceConfig> named = new LinkedHashMap<>(services);
    if (named.isEmpty()) {
      named.put("feed", service("feed", null));
    }
    List<RouteConfig> all = new ArrayList<>(routes);
    if (all.isEmpty()) {
      all.add(Routes.to(named.keySet().iterator().next()).build());
    }
    return new GatewayConfig(
        "avalo",
        List.of(listener()),
        List.of(),
        new AdminConfig(new HostPort("127.0.0.1", 0), List.of()),
        regions,
        named,
        List.copyOf(all),
        limits,
        budgets,
        units,
        identity,
        placing,
        pins,
        state,
        new GatewayConfig.Alerts(null),
        new GatewayConfig.AccessLog("off", 1),
        Duration.ofSeconds(30));
  }

  private static ListenerConfig listener() {
    ListenerConfig.Bounds bounds =
        new ListenerConfig.Bounds(
            new ListenerConfig.Head(
                16 << 10, 128, 8 << 10, Duration.ofSeconds(10), ListenerConfig.EncodedSlash.REJECT),
            new ListenerConfig.Connections(
                100_000, 1_000, 100_000, Duration.ofSeconds(75), Duration.ofSeconds(60)),
            new ListenerConfig.Http2(100, 200, 1_000),
            new ListenerConfig.MinRate(Duration.ofSeconds(60), 1 << 10),
            new ListenerConfig.MinRate(Duration.ofSeconds(60), 1 << 10));
    return new ListenerConfig(
        "plain",
        new HostPort("127.0.0.1", 0),
        false,
        null,
        ListenerConfig.ProxyProtocol.OFF,
        bounds);
  }

  /** A service with default values, at port 1 of this machine in eu, us and asia. */
  public static ServiceConfig service(String name, ServiceConfig.@Nullable Pin pin) {
    List<ServiceConfig.Endpoint> endpoint =
        List.of(new ServiceConfig.Endpoint(false, "127.0.0.1", 1, 1));
    return new ServiceConfig(
        name,
        ServiceConfig.Priority.NORMAL,
        ServiceConfig.Protocol.HTTP1,
        Map.of("eu", endpoint, "us", endpoint, "asia", endpoint),
        new ServiceConfig.UpstreamTls(null, null, true, null, Duration.ofSeconds(1)),
        new ServiceConfig.HealthCheck(
            ServiceConfig.CheckKind.HTTP,
            new ServiceConfig.CheckRequest("/health", null, Map.of()),
            new ServiceConfig.CheckAnswer(new ServiceConfig.StatusRange(200, 299), null),
            new ServiceConfig.CheckTimes(
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofMillis(800),
                Duration.ofMillis(200)),
            3,
            5),
        Routes.TIMEOUTS,
        Routes.RETRY,
        new ServiceConfig.Balance(ServiceConfig.By.LOAD, null, Duration.ofSeconds(10), Map.of()),
        pin,
        false,
        List.of(),
        new ServiceConfig.WebSocket(
            1000,
            100,
            new app.avalo.gateway.config.unit.Rate(100, Duration.ofSeconds(1)),
            null,
            0,
            Duration.ofMinutes(5)),
        new ServiceConfig.Streams(10_000, 100),
        new ServiceConfig.Targets(null, null, null));
  }
}
