package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.RouteConfig.Match;
import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.PathMatch.Kind;
import app.avalo.gateway.config.RouteConfig.ValueMatch;
import app.avalo.gateway.config.plan.PathNormalizer;
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
  private static final String PATH = "a path in its normal form, such as /v1/chat";

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
      String exact = path(match, "path");
      return exact == null ? ANY_PATH : new PathMatch(Kind.EXACT, exact);
    }
    Section path = match.section("path");
    if (path.has("template")) {
      String template =
          path.value(
              "template",
              "/",
              text -> isTemplate(text) ? text : null,
              "whole segments as placeholders, each name once, {rest...} last");
      return new PathMatch(Kind.TEMPLATE, template);
    }
    if (path.has("regex")) {
      return new PathMatch(Kind.REGEX, regex(path));
    }
    boolean prefix = path.has("prefix");
    String value = path(path, prefix ? "prefix" : "exact");
    return value == null ? ANY_PATH : new PathMatch(prefix ? Kind.PREFIX : Kind.EXACT, value);
  }

  /** A path that can be met: requests are normalised before they are matched. */
  static @Nullable String path(Section section, String key) {
    return section.<@Nullable String>value(key, null, text -> isNormal(text) ? text : null, PATH);
  }

  private static boolean isNormal(String path) {
    boolean plain = path.startsWith("/") && path.indexOf('?') < 0 && path.indexOf('#') < 0;
    return plain && path.equals(PathNormalizer.normalize(path));
  }

  private static String regex(Section path) {
    String regex = path.text("regex", "/");
    String problem = LinearRegex.problem(regex);
    if (problem != null) {
      path.unexpected("regex", "an expression of linear cost, not " + problem);
    }
    return regex;
  }

  private static boolean isTemplate(String template) {
    if (!isNormal(template.replaceAll("\\{[^/{}]*}", "x"))) {
      return false;
    }
    Set<String> seen = new HashSet<>();
    String[] segments = template.substring(1).split("/", -1);
    for (int i = 0; i < segments.length; i++) {
      String segment = segments[i];
      boolean placeholder = segment.startsWith("{") && segment.endsWith("}");
      if (!placeholder) {
        if (segment.indexOf('{') >= 0 || segment.indexOf('}') >= 0) {
          return false;
        }
        continue;
      }
      String name = segment.substring(1, segment.length() - 1);
      boolean rest = name.endsWith("...");
      String plain = rest ? name.substring(0, name.length() - 3) : name;
      if (rest && i < segments.length - 1
          || !plain.matches("[A-Za-z_][A-Za-z0-9_]{0,63}")
          || !seen.add(plain)) {
        return false;
      }
    }
    return true;
  }

  /** Names of a template's placeholders, without dots. */
  static List<String> variables(String template) {
    List<String> names = new ArrayList<>();
    for (String segment : template.split("/")) {
      if (segment.startsWith("{") && segment.endsWith("}")) {
        names.add(segment.substring(1, segment.length() - 1).replace("...", ""));
      }
    }
    return names;
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
