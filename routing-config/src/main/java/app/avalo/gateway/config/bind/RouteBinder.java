package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.RouteConfig.Action;
import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.Weighted;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.PathSyntax;
import app.avalo.gateway.config.section.Names;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.config.yaml.Node;
import app.avalo.gateway.config.yaml.Spelling;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Binds routes; what a route does not say comes from its service, then from the defaults. */
final class RouteBinder {
  private static final long LARGEST_BODY = 1L << 40;
  private static final Set<Integer> BODILESS = Set.of(204, 205, 304);
  private static final List<String> ACTIONS =
      List.of("service", "services", "redirect", "respond", "routing");

  private final Names names;
  private final Section root;
  private final Section defaults;
  private final boolean anybodyKnown;

  RouteBinder(Names names, Section root, Section defaults) {
    this.names = names;
    this.root = root;
    this.defaults = defaults;
    Section identity = root.section("identity");
    this.anybodyKnown = !identity.list("issuers").isEmpty() || !identity.list("apiKeys").isEmpty();
  }

  RouteConfig bind(Section route) {
    RouteConfig.Match match = MatchBinder.match(route.section("match"));
    Action action = action(route);
    Section service = serviceOf(action);
    Section retry = inherited("retry", route, service);
    if (singleHome(service)) {
      ServiceBinder.onceOnly(retry);
    }
    Section cors = route.section("cors");
    return new RouteConfig(
        route.text("name", Section.FAULTY),
        match,
        action,
        access(route.section("access")),
        Names.references(route, "limits", "limit", names.limits()),
        route.has("priority") ? route.word("priority", Priority.NORMAL, Priority.class) : null,
        rewrite(route.section("rewrite"), match.path(), action),
        HeaderRules.edits(route.section("requestHeaders")),
        HeaderRules.edits(route.section("responseHeaders")),
        cors.isPresent() ? cors(cors) : null,
        bodyLimit(route, service),
        ServiceBinder.timeouts(inherited("timeouts", route, service)),
        ServiceBinder.retry(retry));
  }

  /** The section of the first service, whose settings the route inherits. */
  private Section serviceOf(Action action) {
    String name =
        action instanceof RouteConfig.Forward forward && !forward.services().isEmpty()
            ? forward.services().get(0).service()
            : "";
    return root.section("services").section(name);
  }

  private Section inherited(String key, Section route, Section service) {
    return route.section(key).or(service.section(key).or(defaults.section(key)));
  }

  private static boolean singleHome(Section service) {
    return "single-home".equals(service.section("pin").textOrNull("contract"));
  }

  private long bodyLimit(Section route, Section service) {
    Section says = route.has("bodyLimit") ? route : service.has("bodyLimit") ? service : defaults;
    return says.size("bodyLimit", "10MiB", LARGEST_BODY);
  }

  private Action action(Section route) {
    List<String> present = ACTIONS.stream().filter(route::has).toList();
    if (present.size() != 1) {
      String what = present.isEmpty() ? "no action" : String.join(" and ", present);
      route.fault(what + " (expected one of " + String.join(", ", ACTIONS) + ")");
    }
    if (route.has("redirect")) {
      return redirect(route.section("redirect"));
    }
    if (route.has("respond")) {
      return respond(route.section("respond"));
    }
    if (route.has("routing")) {
      return routing(route.section("routing"));
    }
    List<Weighted> services = new ArrayList<>();
    if (route.node("service") instanceof Node.Scalar one && !route.faults().has(one)) {
      add(services, one, one.value(), 1, route);
    }
    for (Map.Entry<String, Node.Entry> entry : route.entries("services").entrySet()) {
      Node value = entry.getValue().value();
      Integer weight = Section.scalar(value, Section::parseInt, "a weight", route.faults());
      Node at = new Node.Scalar(entry.getValue().key(), value.path(), "", "", Node.Kind.TEXT);
      add(services, at, entry.getKey(), weight == null ? 1 : weight, route);
    }
    return new RouteConfig.Forward(List.copyOf(services));
  }

  private void add(List<Weighted> services, Node at, String name, int weight, Section route) {
    Set<String> known = names.services();
    if (Names.known(at.mark(), at.path(), name, "service", known, route.faults())) {
      services.add(new Weighted(name, weight));
    }
  }

  private static RouteConfig.Redirect redirect(Section redirect) {
    String to =
        redirect.value(
            "to",
            "/",
            text -> isTarget(text) ? text : null,
            "an absolute URI or a path, with no placeholder but {path} and {query}");
    return new RouteConfig.Redirect(redirect.whole("status", 308), to);
  }

  private static boolean isTarget(String to) {
    String filled = to.replace("{path}", "/path").replace("{query}", "query");
    boolean absolute = filled.startsWith("https://") || filled.startsWith("http://");
    if (!absolute && (!filled.startsWith("/") || filled.startsWith("//"))) {
      return false;
    }
    try {
      return !absolute || new URI(filled).getHost() != null;
    } catch (URISyntaxException other) {
      return false;
    }
  }

  private static RouteConfig.Respond respond(Section respond) {
    int status = respond.whole("status", 200);
    String body = respond.text("body", "");
    if (BODILESS.contains(status) && !body.isEmpty()) {
      respond.fault("body", "a body (expected none with status " + status + ")");
    }
    String type =
        respond.value(
            "contentType",
            "text/plain; charset=utf-8",
            text -> HeaderRules.isValue(text) && text.indexOf('/') > 0 ? text : null,
            "a media type such as application/json");
    return new RouteConfig.Respond(status, type, body);
  }

  private RouteConfig.Routing routing(Section routing) {
    Map<String, String> origins = new LinkedHashMap<>();
    Section each = routing.section("origins");
    for (String region : routing.entries("origins").keySet()) {
      if (!names.regions().contains(region)) {
        each.fault(
            region, region + ": no such region (" + Spelling.hint(region, names.regions()) + ")");
      }
      origins.put(
          region,
          each.value(
              region,
              "",
              text -> isOrigin(text) ? text : null,
              "an http or https address without path such as https://eu.avalo.app"));
    }
    String probe =
        routing.value(
            "probe",
            "/",
            text -> text.startsWith("/") && isTarget(text) ? text : null,
            "a path such as /ping");
    return new RouteConfig.Routing(Collections.unmodifiableMap(origins), probe);
  }

  private static boolean isOrigin(String text) {
    try {
      URI uri = new URI(text);
      return ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))
          && uri.getHost() != null
          && uri.getUserInfo() == null
          && uri.getRawPath().isEmpty()
          && uri.getRawQuery() == null
          && uri.getRawFragment() == null;
    } catch (URISyntaxException other) {
      return false;
    }
  }

  private RouteConfig.Access access(Section access) {
    RouteConfig.Need need =
        access.word("identity", RouteConfig.Need.OPTIONAL, RouteConfig.Need.class);
    List<String> roles = access.texts("roles");
    if (!roles.isEmpty() && need == RouteConfig.Need.NONE) {
      access.unexpected("identity", "required, since roles are asked for");
    }
    if ((need == RouteConfig.Need.REQUIRED || !roles.isEmpty()) && !anybodyKnown) {
      String key = access.has("identity") ? "identity" : "roles";
      access.unexpected(key, "identity.issuers or identity.apiKeys too, else nobody gets in");
    }
    return new RouteConfig.Access(need, roles, access.cidrs("allow"), access.cidrs("deny"));
  }

  private static RouteConfig.Rewrite rewrite(Section rewrite, PathMatch path, Action action) {
    if (rewrite.isPresent() && !(action instanceof RouteConfig.Forward)) {
      rewrite.fault("without a service (expected service or services in the route)");
    }
    String prefix = rewrite.textOrNull("prefix");
    String to = rewrite.textOrNull("path");
    check(rewrite, "prefix", path, new RouteConfig.Rewrite(prefix, null, null));
    check(rewrite, "path", path, new RouteConfig.Rewrite(null, to, null));
    if (prefix != null && to != null) {
      rewrite.unexpected("path", "prefix or path, not both");
    }
    return new RouteConfig.Rewrite(prefix, to, newHost(rewrite));
  }

  private static void check(
      Section section, String key, PathMatch path, RouteConfig.Rewrite rewrite) {
    String problem = PathSyntax.rewriteProblem(path, rewrite);
    if (problem != null) {
      section.problem(key, problem);
    }
  }

  private static @Nullable String newHost(Section rewrite) {
    return rewrite.<@Nullable String>value(
        "host",
        null,
        text -> HostPort.isName(text) || HostPort.parse(text) != null ? text : null,
        "a host name such as chat.internal");
  }

  private static RouteConfig.Cors cors(Section cors) {
    List<String> origins = cors.texts("origins");
    boolean credentials = cors.flag("credentials", false);
    if (credentials && origins.contains("*")) {
      cors.unexpected("credentials", "false, or origins without *");
    }
    List<String> methods = cors.texts("methods");
    return new RouteConfig.Cors(
        origins,
        cors.has("methods") ? methods : List.of("GET", "HEAD", "POST"),
        cors.texts("headers"),
        cors.texts("exposed"),
        credentials,
        cors.duration("maxAge", "10min"));
  }
}
