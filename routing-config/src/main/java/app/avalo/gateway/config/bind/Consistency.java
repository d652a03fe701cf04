package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.RouteConfig.Match;
import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.ValueMatch;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.yaml.Node;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Rules that hold between sections. */
final class Consistency {
  private final GatewayConfig config;
  private final Section root;

  private Consistency(GatewayConfig config, Section root) {
    this.config = config;
    this.root = root;
  }

  static void check(GatewayConfig config, Section root) {
    Consistency consistency = new Consistency(config, root);
    consistency.everyRegionServes();
    consistency.residencyCanBeKept();
    consistency.groupsAgree();
    consistency.replicasShareKeys();
    consistency.everyRouteCanMatch();
    consistency.unitsDivideWhatReportsTell();
  }

  private void everyRegionServes() {
    Set<String> used = new HashSet<>();
    root.entries("services", (name, service) -> used.addAll(service.entries("regions").keySet()));
    for (String name : root.entries("services").keySet()) {
      // A service that has yet to say where it is may be what a region waits for.
      if (root.section("services").section(name).entries("regions").isEmpty()) {
        return;
      }
    }
    if (used.isEmpty()) {
      return;
    }
    root.entries(
        "regions",
        (name, region) -> {
          if (!used.contains(name)) {
            region.fault("no endpoint (expected at least one service with endpoints in it)");
          }
        });
  }

  /** A service under residency rules needs a place where each rule's users may go. */
  private void residencyCanBeKept() {
    for (ServiceConfig service : config.services().values()) {
      if (!service.residency()) {
        continue;
      }
      Section section = root.section("services").section(service.name());
      if (config.placing().residency().isEmpty()) {
        section.unexpected("residency", "rules under placing.residency too");
      }
      for (var rule : config.placing().residency()) {
        boolean kept = false;
        boolean carried = false;
        for (RegionConfig region : config.regions().values()) {
          boolean carries = region.residency().contains(rule.tag());
          carried |= carries;
          kept |= carries && service.regions().containsKey(region.name());
        }
        if (carried && !kept) {
          section.unexpected("residency", "an endpoint in a region that carries " + rule.tag());
        }
      }
    }
  }

  private void groupsAgree() {
    Map<String, ServiceConfig> first = new HashMap<>();
    for (ServiceConfig service : config.services().values()) {
      ServiceConfig.Pin pin = service.pin();
      ServiceConfig known = pin == null ? null : first.putIfAbsent(pin.group(), service);
      if (pin != null && known != null && known.pin() != null) {
        ServiceConfig.Contract contract = known.pin().contract();
        if (contract != pin.contract()) {
          root.section("services")
              .section(service.name())
              .section("pin")
              .unexpected("contract", "that of " + known.name() + " in the same group");
        }
      }
    }
  }

  /** Redis means replicas, and replicas must read each other's cookies. */
  private void replicasShareKeys() {
    boolean pinned = config.services().values().stream().anyMatch(s -> s.pin() != null);
    if (pinned && config.state().redis() != null && root.section("pins").list("keys").isEmpty()) {
      root.section("pins")
          .fault("keys", "missing (expected signing keys, since replicas share state.redis)");
    }
  }

  /** Of purses and days no month is known. */
  private void unitsDivideWhatReportsTell() {
    for (String unit : config.units().keySet()) {
      for (Node item : root.section("units").section(unit).list("budgets")) {
        BudgetConfig budget =
            item instanceof Node.Scalar name ? config.budgets().get(name.value()) : null;
        if (budget != null && !budget.monthly()) {
          root.faults().unexpected(item, "a budget by the month that all share");
        }
      }
    }
  }

  /** Two routes with one and the same match: the second would never be used. */
  private void everyRouteCanMatch() {
    Map<Condition, String> seen = new HashMap<>();
    List<Section> sections = root.sections("routes");
    for (int i = 0; i < sections.size(); i++) {
      String name = config.routes().get(i).name();
      Match match = config.routes().get(i).match();
      for (Condition condition : conditions(match)) {
        String other = seen.putIfAbsent(condition, name);
        if (other != null && !other.equals(name)) {
          Section at =
              sections.get(i).has("match") ? sections.get(i).section("match") : sections.get(i);
          at.fault("the same match as route " + other + " (expected a difference)");
          break;
        }
      }
    }
  }

  private static Set<Condition> conditions(Match match) {
    Set<Condition> conditions = new HashSet<>();
    for (String host : match.hosts().isEmpty() ? List.of("") : match.hosts()) {
      for (String method : match.methods().isEmpty() ? List.of("") : match.methods()) {
        conditions.add(
            new Condition(
                host,
                method,
                shape(match.path()),
                headers(match.headers()),
                Set.copyOf(match.query()),
                Set.copyOf(match.clients())));
      }
    }
    return conditions;
  }

  /**
   * What a path condition takes, the same for two that take the same: {@code /a/{x}} and {@code
   * /a/{y}}, or the prefixes {@code /a} and {@code /a/}.
   */
  private static String shape(PathMatch path) {
    String value = path.value();
    return path.kind()
        + " "
        + switch (path.kind()) {
          case TEMPLATE -> value.replaceAll("\\{[^}.]*", "{");
          case PREFIX -> value.endsWith("/") ? value.substring(0, value.length() - 1) : value;
          case EXACT, REGEX -> value;
        };
  }

  private static Set<ValueMatch> headers(List<ValueMatch> headers) {
    Set<ValueMatch> small = new HashSet<>();
    headers.forEach(h -> small.add(new ValueMatch(h.name().toLowerCase(Locale.ROOT), h.value())));
    return small;
  }

  private record Condition(
      String host,
      String method,
      String path,
      Set<ValueMatch> headers,
      Set<ValueMatch> query,
      Set<?> clients) {}
}
