package app.avalo.gateway.config.plan;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.RouteConfig.Match;
import app.avalo.gateway.config.RouteConfig.PathMatch.Kind;
import app.avalo.gateway.config.RouteConfig.ValueMatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** The table against a list sorted by the documented order and scanned. */
class RouteTablePropertyTest {
  private static final List<String> METHODS = List.of("GET", "HEAD", "POST", "PUT");

  @Provide
  Arbitrary<List<RouteSpec>> specs() {
    Arbitrary<String> hosts = Arbitraries.of("", "", "a.x", "b.a.x", "*.x", "*.a.x");
    Arbitrary<Set<String>> methods = Arbitraries.of(METHODS).set().ofMaxSize(2);
    Arbitrary<String> header = Arbitraries.of("", "", "h", "g");
    Arbitrary<String> query = Arbitraries.of("", "", "q");
    return Combinators.combine(hosts, paths(), methods, header, query)
        .as(
            (host, path, some, name, parameter) -> {
              RouteSpec spec = path.on(host).methods(some.toArray(String[]::new));
              spec = name.isEmpty() ? spec : spec.header(name, "1");
              return parameter.isEmpty() ? spec : spec.query(parameter);
            })
        .list()
        .ofMaxSize(12);
  }

  private static Arbitrary<RouteSpec> paths() {
    Arbitrary<List<String>> literals = Arbitraries.of("a", "b").list().ofMaxSize(3);
    Arbitrary<List<String>> mixed = Arbitraries.of("a", "b", "{}").list().ofMinSize(1).ofMaxSize(3);
    return Arbitraries.oneOf(
        literals.map(segments -> RouteSpec.exact("/" + String.join("/", segments))),
        mixed.map(segments -> RouteSpec.template(named(segments))),
        mixed.map(segments -> RouteSpec.template(named(segments) + "/{rest...}")),
        literals.map(segments -> RouteSpec.prefix("/" + String.join("/", segments))),
        Arbitraries.of("/a/.*", "/[ab]", "/a/b?/?a*", "/a|/b/a", "/.*b").map(RouteSpec::regex));
  }

  private static String named(List<String> segments) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < segments.size(); i++) {
      path.append('/').append(segments.get(i).replace("{}", "{v" + i + "}"));
    }
    return path.toString();
  }

  @Provide
  Arbitrary<Probe> probes() {
    Arbitrary<String> paths =
        Arbitraries.of("a", "b", "c").list().ofMaxSize(4).map(s -> "/" + String.join("/", s));
    Arbitrary<String> slashes = Arbitraries.of("", "", "/");
    Arbitrary<String> values = Arbitraries.of("1", "2");
    return Combinators.combine(
            Arbitraries.of(METHODS),
            Arbitraries.of("a.x", "b.a.x", "c.a.x", "x", ""),
            paths,
            slashes,
            values,
            values)
        .as(
            (method, host, path, slash, h, q) -> {
              String whole = path.equals("/") ? path : path + slash;
              Probe probe = new Probe(method, host, whole).header("h", h);
              return q.equals("1") ? probe.query("q", "") : probe.header("g", "1");
            });
  }

  @Property(tries = 5000)
  void theTableAgreesWithAScanOfTheSortedList(
      @ForAll("specs") List<RouteSpec> specs, @ForAll("probes") Probe probe) {
    List<Route> routes = RouteSpec.routes(specs);
    RouteTable table = RouteTable.compile(routes);
    List<Route> sorted = new ArrayList<>(routes);
    sorted.sort(order(routes, probe.method()));
    Route expected = null;
    Set<String> allowed = new TreeSet<>();
    for (Route route : sorted) {
      Match match = route.config().match();
      if (holds(match, probe)) {
        allowed.addAll(match.methods());
        if (expected == null && methodRank(match, probe.method()) < 9) {
          expected = route;
        }
      }
    }
    if (allowed.contains("GET")) {
      allowed.add("HEAD");
    }
    assertThat(table.match(probe)).isSameAs(expected);
    assertThat(table.allowedMethods(probe)).isEqualTo(allowed);
  }

  private static Comparator<Route> order(List<Route> routes, String method) {
    return Comparator.comparing((Route r) -> hostRank(r.config().match()))
        .thenComparing(r -> pathRank(r.config().match()))
        .thenComparing(r -> expressionRank(routes, r.config().match()))
        .thenComparing(r -> methodRank(r.config().match(), method))
        .thenComparing(r -> -conditions(r.config().match()))
        .thenComparing(Route::ordinal);
  }

  private static int hostRank(Match match) {
    String host = match.hosts().isEmpty() ? "" : match.hosts().get(0);
    return host.isEmpty() ? 9000 : host.startsWith("*") ? 1000 - host.length() : 0;
  }

  /** Class, then one character per segment: a literal sorts before a placeholder, before an end. */
  private static String pathRank(Match match) {
    String value = match.path().value();
    return switch (match.path().kind()) {
      case EXACT -> "0" + shape(value);
      case TEMPLATE ->
          value.endsWith("...}")
              ? "2" + shape(value.substring(0, value.lastIndexOf('/'))) + "y"
              : "0" + shape(value);
      case REGEX -> "1" + (value.startsWith("/a/") && !value.contains("|") ? "0" : "1");
      case PREFIX -> "2" + shape(value.equals("/") ? "" : value) + "z";
    };
  }

  private static String shape(String path) {
    return path.replaceAll("/\\{[^}]*\\}", "p").replaceAll("/[^/p]*", "l");
  }

  /** Equal expressions stand together, at the place of the first in the file. */
  private static int expressionRank(List<Route> routes, Match match) {
    if (match.path().kind() != Kind.REGEX) {
      return 0;
    }
    return routes.stream()
        .filter(r -> r.config().match().path().equals(match.path()))
        .filter(r -> r.config().match().hosts().equals(match.hosts()))
        .findFirst()
        .orElseThrow()
        .ordinal();
  }

  private static int methodRank(Match match, String method) {
    if (match.methods().contains(method)) {
      return 0;
    }
    if (method.equals("HEAD") && match.methods().contains("GET")) {
      return 1;
    }
    return match.methods().isEmpty() ? 2 : 9;
  }

  private static int conditions(Match match) {
    return match.headers().size() + match.query().size() + match.clients().size();
  }

  private static boolean holds(Match match, Probe probe) {
    return hostHolds(match, probe.host())
        && pathHolds(match.path().kind(), match.path().value(), probe.path())
        && match.headers().stream().allMatch(h -> equal(h, probe.header(h.name())))
        && match.query().stream().allMatch(q -> equal(q, probe.query(q.name())));
  }

  private static boolean hostHolds(Match match, String host) {
    return match.hosts().stream()
            .anyMatch(h -> h.startsWith("*") ? host.endsWith(h.substring(1)) : host.equals(h))
        || match.hosts().isEmpty();
  }

  private static boolean pathHolds(Kind kind, String value, String path) {
    return switch (kind) {
      case EXACT -> path.equals(value);
      case PREFIX -> value.equals("/") || (path + "/").startsWith(value + "/");
      case REGEX -> path.matches(value);
      case TEMPLATE ->
          path.matches(
              value.replaceAll("\\{rest\\.\\.\\.\\}", ".*").replaceAll("\\{v\\d\\}", "[^/]+"));
    };
  }

  private static boolean equal(ValueMatch condition, @Nullable String value) {
    return value != null && (condition.value() == null || condition.value().equals(value));
  }
}
