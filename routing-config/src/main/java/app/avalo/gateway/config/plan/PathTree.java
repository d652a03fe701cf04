package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.RouteConfig.Match;
import app.avalo.gateway.config.RouteConfig.ValueMatch;
import app.avalo.gateway.config.text.SliceMap;
import app.avalo.gateway.config.unit.AddressSet;
import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The path conditions of one host as a tree of segments. A node stands for the segments on the way
 * to it.
 *
 * <p>In the walks {@code at} is where the next segment's slash is, or the length of the path when
 * it is used up. A walk tries the literal child before the placeholder, goes back when the deeper
 * one fails, and never goes deeper than the tree, so a long path costs nothing.
 */
final class PathTree {
  private final SliceMap<PathTree> literals;
  private final @Nullable PathTree placeholder;
  private final @Nullable Candidates whole;
  private final @Nullable Candidates rest;
  private final @Nullable Candidates prefix;
  private final Expression[] expressions;
  private final boolean expressionsBelow;

  private PathTree(Builder from) {
    Map<String, PathTree> children = new LinkedHashMap<>();
    from.literals.forEach((segment, child) -> children.put(segment, child.build()));
    this.literals = SliceMap.of(children);
    this.placeholder = from.placeholder == null ? null : from.placeholder.build();
    this.whole = Candidates.of(from.whole);
    this.rest = Candidates.of(from.rest);
    this.prefix = Candidates.of(from.prefix);
    List<Expression> compiled = new ArrayList<>();
    from.expressions.forEach(
        (regex, routes) -> compiled.add(new Expression(Pattern.compile(regex), routes)));
    this.expressions = compiled.toArray(Expression[]::new);
    this.expressionsBelow =
        !compiled.isEmpty() || children.values().stream().anyMatch(c -> c.expressionsBelow);
  }

  /** The best route for a request, or null; see {@link Candidates#find} for the parameters. */
  @Nullable Route find(RequestView request, @Nullable Set<String> allowed) {
    String path = request.path();
    Route found = whole(path, 0, request, allowed);
    if (found == null && expressionsBelow) {
      found = expression(path, 0, request, allowed);
    }
    return found != null ? found : remainder(path, 0, request, allowed);
  }

  /** Conditions that speak of the whole path: exact, and templates without a rest. */
  private @Nullable Route whole(
      String path, int at, RequestView request, @Nullable Set<String> allowed) {
    if (at == path.length()) {
      return whole == null ? null : whole.find(request, allowed);
    }
    int end = PathSyntax.segmentEnd(path, at + 1);
    PathTree child = literals.get(path, at + 1, end);
    Route found = child == null ? null : child.whole(path, end, request, allowed);
    if (found == null && placeholder != null && end > at + 1) {
      found = placeholder.whole(path, end, request, allowed);
    }
    return found;
  }

  /** Regular expressions, those with more literal segments first. */
  private @Nullable Route expression(
      String path, int at, RequestView request, @Nullable Set<String> allowed) {
    if (at < path.length()) {
      int end = PathSyntax.segmentEnd(path, at + 1);
      PathTree child = literals.get(path, at + 1, end);
      if (child != null && child.expressionsBelow) {
        Route found = child.expression(path, end, request, allowed);
        if (found != null) {
          return found;
        }
      }
    }
    for (Expression expression : expressions) {
      if (expression.pattern.matches(path)) {
        Route found = expression.routes.find(request, allowed);
        if (found != null) {
          return found;
        }
      }
    }
    return null;
  }

  /** Conditions that leave a remainder: templates with a rest, and prefixes; longest first. */
  private @Nullable Route remainder(
      String path, int at, RequestView request, @Nullable Set<String> allowed) {
    Route found = null;
    if (at < path.length()) {
      int end = PathSyntax.segmentEnd(path, at + 1);
      PathTree child = literals.get(path, at + 1, end);
      found = child == null ? null : child.remainder(path, end, request, allowed);
      if (found == null && placeholder != null && end > at + 1) {
        found = placeholder.remainder(path, end, request, allowed);
      }
      if (found == null && rest != null) {
        found = rest.find(request, allowed);
      }
    }
    return found != null || prefix == null ? found : prefix.find(request, allowed);
  }

  private static final class Expression {
    final Pattern pattern;
    final Candidates routes;

    Expression(Pattern pattern, List<Route> routes) {
      this.pattern = pattern;
      this.routes = new Candidates(routes);
    }
  }

  /**
   * Routes with the same host and path condition, in the order in which they are tried: those with
   * methods first, then by number of further conditions, then as in the file.
   */
  private static final class Candidates {
    private static final String[] ANY_METHOD = {};

    private final Candidate[] order;

    Candidates(List<Route> routes) {
      List<Candidate> candidates = new ArrayList<>();
      routes.forEach(route -> candidates.add(new Candidate(route)));
      candidates.sort(
          Comparator.comparing((Candidate c) -> c.methods.length == 0)
              .thenComparing(c -> -c.conditions())
              .thenComparing(c -> c.route.ordinal()));
      this.order = candidates.toArray(Candidate[]::new);
    }

    /** Null for no route. */
    static @Nullable Candidates of(List<Route> routes) {
      return routes.isEmpty() ? null : new Candidates(routes);
    }

    /**
     * The first route whose conditions hold, or null.
     *
     * @param allowed if given, takes the methods of every route whose other conditions hold, and no
     *     route is found
     */
    @Nullable Route find(RequestView request, @Nullable Set<String> allowed) {
      if (allowed != null) {
        return collect(request, allowed);
      }
      String method = request.method();
      boolean head = method.equals("HEAD");
      Candidate get = null;
      for (Candidate candidate : order) {
        if (candidate.methods.length == 0 && get != null) {
          break;
        }
        if (candidate.takes(method)) {
          if (candidate.holds(request)) {
            return candidate.route;
          }
        } else if (head && get == null && candidate.takes("GET") && candidate.holds(request)) {
          get = candidate;
        }
      }
      return get == null ? null : get.route;
    }

    private @Nullable Route collect(RequestView request, Set<String> allowed) {
      for (Candidate candidate : order) {
        if (candidate.holds(request)) {
          allowed.addAll(List.of(candidate.methods));
        }
      }
      return null;
    }

    private static final class Candidate {
      final Route route;
      final String[] methods;
      final ValueMatch[] headers;
      final ValueMatch[] query;
      final AddressSet clients;

      Candidate(Route route) {
        Match match = route.config().match();
        this.route = route;
        this.methods = match.methods().isEmpty() ? ANY_METHOD : match.methods().toArray(ANY_METHOD);
        this.headers = match.headers().toArray(ValueMatch[]::new);
        this.query = match.query().toArray(ValueMatch[]::new);
        this.clients = AddressSet.of(match.clients());
      }

      int conditions() {
        return headers.length + query.length + (clients.isEmpty() ? 0 : 1);
      }

      boolean takes(String method) {
        for (String own : methods) {
          if (own.equals(method)) {
            return true;
          }
        }
        return methods.length == 0;
      }

      boolean holds(RequestView request) {
        for (ValueMatch header : headers) {
          if (!request.holds(header)) {
            return false;
          }
        }
        for (ValueMatch parameter : query) {
          if (!parameter.holds(request.query(parameter.name()))) {
            return false;
          }
        }
        return clients.isEmpty() || clients.contains(request.client());
      }
    }
  }

  /** Collects the routes of one host. */
  static final class Builder {
    private final Map<String, Builder> literals = new LinkedHashMap<>();
    private final List<Route> whole = new ArrayList<>();
    private final List<Route> rest = new ArrayList<>();
    private final List<Route> prefix = new ArrayList<>();
    private final Map<String, List<Route>> expressions = new LinkedHashMap<>();
    private @Nullable Builder placeholder;

    void add(Route route) {
      String value = route.config().match().path().value();
      switch (route.config().match().path().kind()) {
        case EXACT -> walk(value, false).whole.add(route);
        case TEMPLATE -> addTemplate(value, route);
        case PREFIX -> walk(withoutLastSlash(value), false).prefix.add(route);
        case REGEX ->
            walk(literalBeginning(value), false)
                .expressions
                .computeIfAbsent(value, v -> new ArrayList<>())
                .add(route);
      }
    }

    private void addTemplate(String template, Route route) {
      int slash = template.lastIndexOf('/');
      if (PathSyntax.isRest(template.substring(slash + 1))) {
        walk(template.substring(0, slash), true).rest.add(route);
      } else {
        walk(template, true).whole.add(route);
      }
    }

    private Builder walk(String path, boolean template) {
      Builder node = this;
      for (int at = 0; at < path.length(); ) {
        int end = PathSyntax.segmentEnd(path, at + 1);
        String segment = path.substring(at + 1, end);
        if (template && PathSyntax.isPlaceholder(segment)) {
          node = node.placeholder == null ? node.placeholder = new Builder() : node.placeholder;
        } else {
          node = node.literals.computeIfAbsent(segment, s -> new Builder());
        }
        at = end;
      }
      return node;
    }

    private static String withoutLastSlash(String prefix) {
      return prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
    }

    /** The whole segments that every path begins with if the expression matches it. */
    private static String literalBeginning(String regex) {
      int end = 0;
      while (end < regex.length() && isLiteral(regex.charAt(end))) {
        end++;
      }
      boolean lastIsRepeated = end < regex.length() && "?*{".indexOf(regex.charAt(end)) >= 0;
      String literal = regex.substring(0, lastIsRepeated ? Math.max(0, end - 1) : end);
      boolean branches = regex.indexOf('|') >= 0;
      int slash = literal.lastIndexOf('/');
      return branches || slash < 0 || literal.charAt(0) != '/' ? "" : literal.substring(0, slash);
    }

    private static boolean isLiteral(char c) {
      return c >= 'a' && c <= 'z'
          || c >= 'A' && c <= 'Z'
          || c >= '0' && c <= '9'
          || c == '/'
          || c == '-'
          || c == '_'
          || c == '~';
    }

    PathTree build() {
      return new PathTree(this);
    }
  }
}
