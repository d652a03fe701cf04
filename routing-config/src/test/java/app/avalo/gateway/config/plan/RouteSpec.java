package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.RouteConfig.Access;
import app.avalo.gateway.config.RouteConfig.HeaderEdits;
import app.avalo.gateway.config.RouteConfig.Match;
import app.avalo.gateway.config.RouteConfig.Need;
import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.PathMatch.Kind;
import app.avalo.gateway.config.RouteConfig.Respond;
import app.avalo.gateway.config.RouteConfig.Rewrite;
import app.avalo.gateway.config.RouteConfig.ValueMatch;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.unit.AddressRule;
import app.avalo.gateway.config.unit.Cidr;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A route whose match is all that counts. */
record RouteSpec(
    String host,
    Kind kind,
    String path,
    List<String> methods,
    List<ValueMatch> headers,
    List<ValueMatch> query,
    List<Cidr> clients) {

  static RouteSpec exact(String path) {
    return of(Kind.EXACT, path);
  }

  static RouteSpec template(String path) {
    return of(Kind.TEMPLATE, path);
  }

  static RouteSpec prefix(String path) {
    return of(Kind.PREFIX, path);
  }

  static RouteSpec regex(String path) {
    return of(Kind.REGEX, path);
  }

  private static RouteSpec of(Kind kind, String path) {
    return new RouteSpec("", kind, path, List.of(), List.of(), List.of(), List.of());
  }

  RouteSpec on(String newHost) {
    return new RouteSpec(newHost, kind, path, methods, headers, query, clients);
  }

  RouteSpec methods(String... some) {
    return new RouteSpec(host, kind, path, List.of(some), headers, query, clients);
  }

  RouteSpec header(String name, String value) {
    List<ValueMatch> more = new ArrayList<>(headers);
    more.add(new ValueMatch(name, value));
    return new RouteSpec(host, kind, path, methods, more, query, clients);
  }

  RouteSpec query(String name) {
    List<ValueMatch> more = List.of(new ValueMatch(name, null));
    return new RouteSpec(host, kind, path, methods, headers, more, clients);
  }

  RouteSpec clients(Cidr... blocks) {
    return new RouteSpec(host, kind, path, methods, headers, query, List.of(blocks));
  }

  Match match() {
    return new Match(
        host.isEmpty() ? List.of() : List.of(host),
        new PathMatch(kind, path),
        methods,
        headers,
        query,
        clients);
  }

  static Route route(int ordinal, String name, Match match, List<Target> targets) {
    RouteConfig config =
        new RouteConfig(
            name,
            match,
            new Respond(204, "text/plain", ""),
            new Access(Need.OPTIONAL, List.of(), List.of(), List.of()),
            List.of(),
            null,
            new Rewrite(null, null, null),
            HeaderEdits.NONE,
            HeaderEdits.NONE,
            null,
            0,
            new ServiceConfig.Timeouts(
                Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO),
            new ServiceConfig.Retry(1, Set.of(), Set.of(), false, false, false));
    int weight = targets.stream().mapToInt(Target::weight).sum();
    AddressRule all = AddressRule.of(List.of(), List.of());
    return new Route(ordinal, config, List.of(), List.of(), targets, weight, null, all);
  }

  /** Routes named by their position. */
  static List<Route> routes(List<RouteSpec> specs) {
    List<Route> routes = new ArrayList<>();
    for (RouteSpec spec : specs) {
      routes.add(route(routes.size(), "#" + routes.size(), spec.match(), List.of()));
    }
    return routes;
  }
}
