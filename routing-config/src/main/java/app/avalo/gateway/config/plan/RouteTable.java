package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.text.SliceMap;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the route of a request. Compiled and immutable: a hash look-up for the host, one per
 * segment for the path, then the conditions of the few routes that share both. The cost does not
 * grow with the number of routes, except for regular expressions below the same literal segments,
 * and nothing is allocated unless one of those is tried.
 *
 * <p>The most specific route wins; when its method or another condition fails, the next one is
 * tried:
 *
 * <ol>
 *   <li>host: exact, then wildcards with the longest suffix first ({@code *.avalo.app} takes any
 *       number of labels, at least one), then routes without a host;
 *   <li>path: exact and templates, compared segment by segment from the left, a literal before a
 *       placeholder; then regular expressions, those with more literal segments at their beginning
 *       first, then as in the file; then prefixes and templates with a rest, again segment by
 *       segment, the longer first, a rest before a prefix;
 *   <li>method: routes with methods before routes for any;
 *   <li>the number of header, query and client conditions;
 *   <li>the order in the file.
 * </ol>
 *
 * <p>A route for GET also takes HEAD, after a route for HEAD with the same host and path.
 */
public final class RouteTable {
  /** Longest name in the DNS; a longer host is under no wildcard, so it is not cut up. */
  private static final int LONGEST_HOST = 253;

  private final SliceMap<PathTree> exact;
  private final SliceMap<PathTree> suffixes;
  private final PathTree anyHost;

  private RouteTable(SliceMap<PathTree> exact, SliceMap<PathTree> suffixes, PathTree anyHost) {
    this.exact = exact;
    this.suffixes = suffixes;
    this.anyHost = anyHost;
  }

  /** Compiles the routes of a valid configuration. */
  public static RouteTable compile(List<Route> routes) {
    Map<String, PathTree.Builder> exact = new TreeMap<>();
    Map<String, PathTree.Builder> suffixes = new TreeMap<>();
    PathTree.Builder anyHost = new PathTree.Builder();
    for (Route route : routes) {
      List<String> hosts = route.config().match().hosts();
      if (hosts.isEmpty()) {
        anyHost.add(route);
      }
      for (String host : Set.copyOf(hosts)) {
        PathTree.Builder tree =
            host.startsWith("*.")
                ? suffixes.computeIfAbsent(host.substring(1), h -> new PathTree.Builder())
                : exact.computeIfAbsent(host, h -> new PathTree.Builder());
        tree.add(route);
      }
    }
    return new RouteTable(build(exact), build(suffixes), anyHost.build());
  }

  private static SliceMap<PathTree> build(Map<String, PathTree.Builder> builders) {
    Map<String, PathTree> trees = new TreeMap<>();
    builders.forEach((host, builder) -> trees.put(host, builder.build()));
    return SliceMap.of(trees);
  }

  /** The route of a request, or null. */
  public @Nullable Route match(RequestView request) {
    return find(request, request.method(), null);
  }

  /**
   * The route that the request would have with another method; for a CORS preflight with the method
   * it asks for.
   */
  public @Nullable Route matchAs(RequestView request, String method) {
    return find(request, method, null);
  }

  /**
   * For a request without a route: methods that would have one, in alphabetical order; empty when
   * the path has none. HEAD is there with GET.
   */
  public Set<String> allowedMethods(RequestView request) {
    Set<String> allowed = new TreeSet<>();
    find(request, request.method(), allowed);
    if (allowed.contains("GET")) {
      allowed.add("HEAD");
    }
    return Collections.unmodifiableSet(allowed);
  }

  private @Nullable Route find(RequestView request, String method, @Nullable Set<String> allowed) {
    String host = request.host();
    int end = host.endsWith(".") ? host.length() - 1 : host.length();
    PathTree tree = exact.get(host, 0, end);
    Route found = tree == null ? null : tree.find(request, method, allowed);
    if (found == null && end <= LONGEST_HOST) {
      for (int dot = host.indexOf('.', 1);
          dot >= 0 && dot < end;
          dot = host.indexOf('.', dot + 1)) {
        tree = suffixes.get(host, dot, end);
        found = tree == null ? null : tree.find(request, method, allowed);
        if (found != null) {
          return found;
        }
      }
    }
    return found != null ? found : anyHost.find(request, method, allowed);
  }
}
