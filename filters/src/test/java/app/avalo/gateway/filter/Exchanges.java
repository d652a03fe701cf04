package app.avalo.gateway.filter;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.unit.IpAddress;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * Makes exchanges for filter tests: a GET of {@code /} from 203.0.113.7 on the first route of a
 * plan, unless told otherwise. There is no socket, so {@link Exchange#request()} is null.
 */
public final class Exchanges {
  private final Plan plan;
  private final MultiMap headers = HttpHeaders.headers();
  private String method = "GET";
  private String host = "api.avalo.app";
  private String path = "/";
  private @Nullable String query;
  private IpAddress client = IpAddress.v4(0xcb007107);
  private boolean viaTrustedHop;
  private boolean secure = true;
  private String id = "req-1";
  private int route;
  private @Nullable Caller caller;
  private long startNanos;
  private long deadlineNanos = Long.MAX_VALUE;

  private Exchanges(Plan plan) {
    this.plan = plan;
  }

  /** A request on this plan. */
  public static Exchanges on(Plan plan) {
    return new Exchanges(plan);
  }

  /** A request on the plan these values give. */
  public static Exchanges on(Plans plans) {
    return new Exchanges(plans.compile());
  }

  /** A request on a plan of one route with these rules. */
  public static Exchanges on(RouteConfig route) {
    return on(Plans.minimal().route(route));
  }

  public Exchanges method(String method) {
    this.method = method;
    return this;
  }

  public Exchanges host(String host) {
    this.host = host;
    return this;
  }

  public Exchanges path(String path) {
    this.path = path;
    return this;
  }

  /** Raw, without the question mark. */
  public Exchanges query(String raw) {
    this.query = raw;
    return this;
  }

  /** A further value of a header. */
  public Exchanges header(String name, String value) {
    headers.add(name, value);
    return this;
  }

  public Exchanges client(String address) {
    IpAddress parsed = IpAddress.parse(address);
    if (parsed == null) {
      throw new IllegalArgumentException(address + " (expected an IP address)");
    }
    this.client = parsed;
    return this;
  }

  public Exchanges viaTrustedHop() {
    this.viaTrustedHop = true;
    return this;
  }

  public Exchanges plain() {
    this.secure = false;
    return this;
  }

  public Exchanges id(String id) {
    this.id = id;
    return this;
  }

  /** Ordinal of the route; its first target is taken. */
  public Exchanges route(int ordinal) {
    this.route = ordinal;
    return this;
  }

  /** As if identity had found this caller. */
  public Exchanges caller(Caller caller) {
    this.caller = caller;
    return this;
  }

  /** As if identity had found this user, of tier {@code authenticated} and without roles. */
  public Exchanges user(String user) {
    return caller(new Caller(user, null, "authenticated", java.util.Set.of()));
  }

  /** Likewise of an API key of this name, whose user nobody knows. */
  public Exchanges apiKey(String name) {
    return caller(new Caller(null, name, "authenticated", java.util.Set.of()));
  }

  public Exchanges at(long startNanos) {
    this.startNanos = startNanos;
    return this;
  }

  public Exchanges deadline(long nanos) {
    this.deadlineNanos = nanos;
    return this;
  }

  /** A live exchange. */
  @SuppressWarnings("NullAway") // no filter reads the socket in these tests
  public Exchange live() {
    HttpServerRequest none = null;
    return routed(Exchange.live(plan, head(), none, startNanos));
  }

  /** One that is only asked about. */
  public Exchange explained() {
    return routed(Exchange.explained(plan, head(), startNanos));
  }

  private Exchange.Head head() {
    return new Exchange.Head(method, host, path, query, headers, client, viaTrustedHop, secure, id);
  }

  private Exchange routed(Exchange exchange) {
    Route chosen = plan.routes().get(route);
    exchange.routeTo(chosen);
    exchange.deadlineNanos(deadlineNanos);
    if (caller != null) {
      exchange.caller(caller);
    }
    return exchange;
  }
}
