package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.RouteConfig.Match;
import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.PathMatch.Kind;
import app.avalo.gateway.config.RouteConfig.ValueMatch;
import app.avalo.gateway.config.plan.PathSyntax;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.config.yaml.Node;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Binds the conditions of a route. */
final class MatchBinder {
  private static final PathMatch ANY_PATH = new PathMatch(Kind.PREFIX, "/");

  private MatchBinder() {}

  static Match match(Section match) {
    List<String> hosts = match.values("host", MatchBinder::host, "a host such as api.avalo.app");
    once(match, "host");
    once(match, "method");
    return new Match(
        hosts,
        path(match),
        match.texts("method"),
        conditions(match, "headers"),
        conditions(match, "query"),
        match.cidrs("clients"));
  }

  private static @Nullable String host(String text) {
    String host = text.toLowerCase(Locale.ROOT);
    if (host.startsWith("*.")) {
      return HostPort.isName(host.substring(2)) ? host : null;
    }
    if (host.startsWith("[") && host.endsWith("]")) {
      return IpAddress.parse(host.substring(1, host.length() - 1)) == null ? null : host;
    }
    return HostPort.isName(host) ? host : null;
  }

  private static void once(Section match, String key) {
    Set<String> seen = new HashSet<>();
    for (Node item : match.list(key)) {
      if (item instanceof Node.Scalar scalar && !seen.add(scalar.value())) {
        match.faults().unexpected(item, "each " + key + " once");
      }
    }
  }

  private static PathMatch path(Section match) {
    if (!match.has("path")) {
      return ANY_PATH;
    }
    if (!(match.node("path") instanceof Node.Mapping)) {
      return condition(match, "path", Kind.EXACT);
    }
    Section path = match.section("path");
    for (Kind kind : Kind.values()) {
      String key = kind.name().toLowerCase(Locale.ROOT);
      if (path.has(key)) {
        return condition(path, key, kind);
      }
    }
    return ANY_PATH;
  }

  private static PathMatch condition(Section section, String key, Kind kind) {
    PathMatch match = new PathMatch(kind, section.text(key, "/"));
    String problem = PathSyntax.matchProblem(match);
    if (problem == null) {
      return match;
    }
    section.problem(key, problem);
    return ANY_PATH;
  }

  private static List<ValueMatch> conditions(Section match, String key) {
    List<ValueMatch> conditions = new ArrayList<>();
    match
        .entries(key)
        .forEach(
            (name, entry) -> {
              if (entry.value() instanceof Node.Scalar scalar) {
                boolean there = scalar.kind() == Node.Kind.BOOLEAN;
                conditions.add(new ValueMatch(name, there ? null : scalar.value()));
              }
            });
    return List.copyOf(conditions);
  }
}
