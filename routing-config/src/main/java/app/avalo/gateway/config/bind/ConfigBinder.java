package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.PlacingConfig;
import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.section.Names;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.yaml.Faults;
import app.avalo.gateway.config.yaml.Node;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Binds the whole tree. */
public final class ConfigBinder {
  private final Section root;
  private final Names names;

  private ConfigBinder(Section root) {
    this.root = root;
    this.names = Names.of(root);
  }

  /** The configuration; good only if no fault was added. */
  public static GatewayConfig bind(Node.Mapping root, Faults faults) {
    return new ConfigBinder(Section.of(root, faults)).bind();
  }

  private GatewayConfig bind() {
    Map<String, RegionConfig> regions = regions();
    Section defaults = root.section("defaults");
    ServiceBinder serviceBinder = new ServiceBinder(names, defaults);
    Map<String, ServiceConfig> services = new LinkedHashMap<>();
    root.entries(
        "services", (name, section) -> services.put(name, serviceBinder.bind(name, section)));
    List<RouteConfig> routes = routes(new RouteBinder(names, root, defaults));
    Map<String, LimitConfig> limits = new LinkedHashMap<>();
    root.entries("limits", (name, section) -> limits.put(name, LimitBinder.limit(name, section)));
    Map<String, BudgetConfig.Unit> units = new LinkedHashMap<>();
    root.entries(
        "units", (name, section) -> units.put(name, BudgetBinder.unit(name, section, names)));
    Map<String, BudgetConfig> budgets = new LinkedHashMap<>();
    root.entries(
        "budgets", (name, section) -> budgets.put(name, BudgetBinder.budget(name, section, names)));
    CallerBinder callers = new CallerBinder(root);
    PlacingConfig placing = callers.placing(names);
    EdgeBinder edge = new EdgeBinder(root);
    GatewayConfig config =
        new GatewayConfig(
            root.text("name", "avalo"),
            edge.listeners(),
            edge.trustedHops(),
            edge.admin(),
            ordered(regions),
            ordered(services),
            List.copyOf(routes),
            ordered(limits),
            ordered(budgets),
            ordered(units),
            callers.identity(limits.values(), budgets.values()),
            placing,
            edge.pins(),
            edge.state(),
            callers.alerts(),
            edge.accessLog(),
            root.duration("shutdownGrace", "30s"));
    Consistency.check(config, root);
    return config;
  }

  private Map<String, RegionConfig> regions() {
    Map<String, RegionConfig> regions = new LinkedHashMap<>();
    List<Section> sections = new ArrayList<>();
    root.entries(
        "regions",
        (name, section) -> {
          sections.add(section);
          noTagForNobody(section);
          regions.put(
              name,
              new RegionConfig(
                  name,
                  section.whole("index", 0),
                  section.text("place", name),
                  section.number("latitude", 0),
                  section.number("longitude", 0),
                  orderedSet(section.texts("residency")),
                  section.share("minHealthy", 0.5),
                  HealthBinder.ofRegion(section.section("check"))));
        });
    Names.unique(sections, "index", "number");
    return regions;
  }

  private static void noTagForNobody(Section region) {
    for (Node tag : region.list("residency")) {
      if (tag instanceof Node.Scalar scalar
          && scalar.value().equals(PlacingConfig.Residency.NOWHERE)) {
        region.faults().unexpected(tag, "another name, as this one stands for no region");
      }
    }
  }

  private List<RouteConfig> routes(RouteBinder binder) {
    List<RouteConfig> routes = new ArrayList<>();
    List<Section> sections = root.sections("routes");
    sections.forEach(section -> routes.add(binder.bind(section)));
    Names.unique(sections, "name", "name");
    return routes;
  }

  /** An immutable copy in the order of the file. */
  static <T> Map<String, T> ordered(Map<String, T> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  static <T> Set<T> orderedSet(List<T> items) {
    return Collections.unmodifiableSet(new LinkedHashSet<>(items));
  }
}
