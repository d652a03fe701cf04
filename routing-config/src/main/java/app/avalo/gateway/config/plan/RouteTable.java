package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.RouteConfig.ValueMatch;
import app.avalo.gateway.config.text.SliceMap;
import app.avalo.gateway.config.unit.IpAddress;
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
    return find(request, null);
  }

  /**
   * The route of the request that a CORS preflight announces, or null: with the method that it asks
   * for, and with every header that a route wants, since a preflight carries none of them.
   */
  public @Nullable Route matchAnnounced(RequestView preflight, String method) {
    return find(new Announced(preflight, method), null);
  }

  /**
   * For a request without a route: methods that would have one, in alphabetical order; empty when
   * the path has none. HEAD is there with GET.
   */
  public Set<String> allowedMethods(RequestView request) {
    Set<String> allowed = new TreeSet<>();
    find(request, allowed);
    if (allowed.contains("GET")) {
      allowed.add("HEAD");
    }
    return Collections.unmodifiableSet(allowed);
  }

  private @Nullable Route find(RequestView request, @Nullable Set<String> allowed) {
    String host = request.host();
    int end = host.endsWith(".") ? host.length() - 1 : host.length();
    PathTree tree = exact.get(host, 0, end);
    Route found = tree == null ? null : tree.find(request, allowed);
    if (found == null && end <= LONGEST_HOST) {
      for (int dot = host.indexOf('.', 1);
          dot >= 0 && dot < end;
          dot = host.indexOf('.', dot + 1)) {
        tree = suffixes.get(host, dot, end);
        found = tree == null ? null : tree.find(request, allowed);
        if (found != null) {
          return found;
        }
      }
    }
    return found != null ? found : anyHost.find(request, allowed);
  }

  /**
   * The request that a CORS preflight announces, as far as it can be known before it comes. That
   * header conditions hold is presumed: browsers send a script's headers with the request only.
   *
   * @param method of the announced request
   */
  private record Announced(RequestView preflight, String method) implements RequestView {
    @Override
    public String host() {
      return preflight.host();
    }

    @Override
    public String path() {
      return preflight.path();
    }

    @Override
    public @Nullable String header(String name) {
      return preflight.header(name);
    }

    @Override
    public boolean holds(ValueMatch header) {
      return true;
    }

    @Override
    public @Nullable String query(String name) {
      return preflight.query(name);
    }

    @Override
    public IpAddress client() {
      return preflight.client();
    }
  }
}
