package app.avalo.gateway.filter;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.RouteConfig.Access;
import app.avalo.gateway.config.RouteConfig.HeaderEdits;
import app.avalo.gateway.config.RouteConfig.Need;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.unit.Cidr;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes routes for tests: everything is forwarded to one service unless told otherwise. */
public final class Routes {
  static final ServiceConfig.Timeouts TIMEOUTS =
      new ServiceConfig.Timeouts(
          Duration.ofMillis(500),
          Duration.ofMillis(800),
          Duration.ofSeconds(60),
          Duration.ofSeconds(30),
          Duration.ofSeconds(30));
  static final ServiceConfig.Retry RETRY =
      new ServiceConfig.Retry(
          3,
          Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"),
          Set.of(502, 503, 504),
          false,
          true,
          true);

  private final RouteConfig.Action action;
  private String name = "all";
  private String path = "/";
  private Need need = Need.OPTIONAL;
  private List<String> roles = List.of();
  private List<Cidr> allow = List.of();
  private List<Cidr> deny = List.of();
  private List<String> limits = List.of();
  private ServiceConfig.@Nullable Priority priority;
  private HeaderEdits requestHeaders = HeaderEdits.NONE;
  private HeaderEdits responseHeaders = HeaderEdits.NONE;
  private RouteConfig.@Nullable Cors cors;

  private Routes(RouteConfig.Action action) {
    this.action = action;
  }

  /** A route to a service. */
  public static Routes to(String service) {
    return doing(new RouteConfig.Forward(List.of(new RouteConfig.Weighted(service, 1))));
  }

  /** A route to the minimal plan's service. */
  public static Routes toFeed() {
    return to("feed");
  }

  /** A route that does this. */
  public static Routes doing(RouteConfig.Action action) {
    return new Routes(action);
  }

  public Routes name(String name) {
    this.name = name;
    return this;
  }

  /** Prefix of the paths that match. */
  public Routes path(String prefix) {
    this.path = prefix;
    return this;
  }

  public Routes need(Need need) {
    this.need = need;
    return this;
  }

  public Routes roles(String... roles) {
    this.roles = List.of(roles);
    return this;
  }

  public Routes allow(Cidr... blocks) {
    this.allow = List.of(blocks);
    return this;
  }

  public Routes deny(Cidr... blocks) {
    this.deny = List.of(blocks);
    return this;
  }

  public Routes limits(String... names) {
    this.limits = List.of(names);
    return this;
  }

  public Routes priority(ServiceConfig.Priority own) {
    this.priority = own;
    return this;
  }

  public Routes requestHeaders(HeaderEdits edits) {
    this.requestHeaders = edits;
    return this;
  }

  public Routes responseHeaders(HeaderEdits edits) {
    this.responseHeaders = edits;
    return this;
  }

  public Routes cors(RouteConfig.Cors cors) {
    this.cors = cors;
    return this;
  }

  public RouteConfig build() {
    return new RouteConfig(
        name,
        new RouteConfig.Match(
            List.of(),
            new RouteConfig.PathMatch(RouteConfig.PathMatch.Kind.PREFIX, path),
            List.of(),
            List.of(),
            List.of(),
            List.of()),
        action,
        new Access(need, roles, allow, deny),
        limits,
        priority,
        new RouteConfig.Rewrite(null, null, null),
        requestHeaders,
        responseHeaders,
        cors,
        10 << 20,
        TIMEOUTS,
        RETRY);
  }
}
