package app.avalo.gateway.edge.intake;

import app.avalo.gateway.config.plan.PathNormalizer;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.plan.RouteTable;
import app.avalo.gateway.edge.client.ClientConnection;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.client.GrpcCall;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Turns what arrived into an exchange with a route, or into a refusal. Everything that two readers
 * could understand differently is refused here, before anything is matched.
 */
public final class Intake {
  private static final AsciiString HOST = AsciiString.cached("host");
  private static final CharSequence REQUEST_ID = AsciiString.cached("x-request-id");
  private static final CharSequence PROTO = AsciiString.cached("x-forwarded-proto");
  private static final CharSequence ORIGIN = AsciiString.cached("origin");
  private static final CharSequence PREFLIGHT = AsciiString.cached("access-control-request-method");

  private static final GatewayError BAD_HOST =
      new GatewayError(Kind.BAD_REQUEST, "The request needs exactly one valid host.");
  private static final GatewayError BAD_PATH =
      new GatewayError(
          Kind.BAD_REQUEST, "The path has characters or segments that are not accepted.");
  private static final GatewayError BAD_QUERY =
      new GatewayError(Kind.BAD_REQUEST, "The query has characters that are not accepted.");
  private static final GatewayError NO_TUNNEL =
      new GatewayError(Kind.BAD_REQUEST, "This is not a proxy that opens tunnels.");

  private static final Set<String> OFFERED =
      new TreeSet<>(Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"));

  private final RequestIds ids = new RequestIds();

  /**
   * What came of a request.
   *
   * @param exchange always there, so that a refusal is logged and counted like any answer
   * @param refusal why it goes no further, or null
   * @param allowed methods that the path knows, for 405
   */
  public record Admission(Exchange exchange, @Nullable GatewayError refusal, Set<String> allowed) {}

  public Admission admit(
      Plan plan, ClientConnection connection, HttpServerRequest request, long startNanos) {
    MultiMap headers = request.headers();
    GatewayError problem = HeadCheck.check(request, headers, connection.bounds().head().count());
    String uri = request.uri();
    String authority = authority(request, headers, uri);
    String host = Authority.host(authority);
    String target = originForm(uri);
    int question = target.indexOf('?');
    String rawPath = question < 0 ? target : target.substring(0, question);
    String query = question < 0 ? null : target.substring(question + 1);
    String path =
        "*".equals(rawPath) && "OPTIONS".equals(request.method().name())
            ? "*"
            : PathNormalizer.normalize(rawPath, connection.bounds().head().encodedSlash());
    boolean trusted = connection.isTrusted(plan);
    String id = trusted ? headers.get(REQUEST_ID) : null;
    Exchange.Head head =
        new Exchange.Head(
            request.method().name(),
            host == null ? "" : host,
            path == null ? "/" : path,
            query,
            headers,
            ClientAddress.of(connection, plan, headers),
            trusted,
            isSecure(request, trusted, headers),
            RequestIds.isUsable(id) ? id : ids.next());
    Exchange exchange = Exchange.live(plan, head, request, startNanos);
    problem = problem == null ? targetProblem(exchange.method(), host, path, query) : problem;
    if (problem != null) {
      return new Admission(exchange, problem, Set.of());
    }
    return route(exchange);
  }

  private static @Nullable GatewayError targetProblem(
      String method, @Nullable String host, @Nullable String path, @Nullable String query) {
    if ("CONNECT".equals(method)) {
      return NO_TUNNEL;
    }
    if (host == null) {
      return BAD_HOST;
    }
    if (path == null) {
      return BAD_PATH;
    }
    return query == null || isQuery(query) ? null : BAD_QUERY;
  }

  /** What neither RFC 3986 allows nor a browser sends; the rest is the service's to understand. */
  private static boolean isQuery(String query) {
    for (int i = 0; i < query.length(); i++) {
      char c = query.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == '#') {
        return false;
      }
    }
    return true;
  }

  /** Finds the route; also for requests that are only explained. */
  public Admission route(Exchange exchange) {
    Plan plan = exchange.plan();
    if ("TRACE".equals(exchange.method())) {
      return refusedMethod(exchange);
    }
    Route route = isPreflight(exchange) ? matchPreflight(exchange) : plan.table().match(exchange);
    if (route == null) {
      Set<String> allowed = plan.table().allowedMethods(exchange);
      return allowed.isEmpty()
          ? unmatched(exchange, Kind.NOT_FOUND, "Nothing is served here.", allowed)
          : unmatched(
              exchange, Kind.METHOD_NOT_ALLOWED, "This path does not know that method.", allowed);
    }
    exchange.routeTo(route);
    exchange.deadlineNanos(exchange.startNanos() + patienceNanos(exchange, route));
    return new Admission(exchange, null, Set.of());
  }

  /**
   * The route of the request that a preflight announces, if it has a policy to answer with; else
   * what an OPTIONS like any other would have. Where that is nothing, the preflight is for the
   * service that the announced request is for.
   */
  private static @Nullable Route matchPreflight(Exchange exchange) {
    RouteTable table = exchange.plan().table();
    String method = String.valueOf(exchange.head().headers().get(PREFLIGHT));
    Route announced = table.matchAnnounced(exchange, method);
    if (announced != null && announced.config().cors() != null) {
      return announced;
    }
    Route plain = table.match(exchange);
    return plain == null ? announced : plain;
  }

  private static Admission unmatched(
      Exchange exchange, Kind kind, String detail, Set<String> allowed) {
    return new Admission(exchange, new GatewayError(kind, "routes", detail, -1), allowed);
  }

  /** A gRPC caller may wait for less than the route allows, never for more. */
  private static long patienceNanos(Exchange exchange, Route route) {
    long total = route.config().timeouts().total().toNanos();
    GrpcCall call = exchange.grpc();
    return call == null || call.timeoutNanos() == 0 ? total : Math.min(total, call.timeoutNanos());
  }

  private static Admission refusedMethod(Exchange exchange) {
    return new Admission(
        exchange,
        new GatewayError(Kind.METHOD_NOT_ALLOWED, "This method is not offered."),
        OFFERED);
  }

  private static boolean isPreflight(Exchange exchange) {
    MultiMap headers = exchange.head().headers();
    return "OPTIONS".equals(exchange.method())
        && headers.contains(ORIGIN)
        && headers.contains(PREFLIGHT);
  }

  private static boolean isSecure(HttpServerRequest request, boolean trusted, MultiMap headers) {
    if (trusted) {
      String proto = headers.get(PROTO);
      if (proto != null) {
        return "https".equalsIgnoreCase(proto);
      }
    }
    return request.isSSL();
  }

  private static @Nullable String authority(
      HttpServerRequest request, MultiMap headers, String uri) {
    if (request.version() == HttpVersion.HTTP_2) {
      return request.authority() == null ? null : request.authority().toString();
    }
    int scheme = schemeEnd(uri);
    if (scheme > 0) {
      int end = authorityEnd(uri, scheme);
      String absolute = uri.substring(scheme, end);
      String sent = headers.get(HOST);
      // RFC 9112, 3.2.2: the target wins; two different hosts are an attack or a broken client.
      return sent == null || sent.equalsIgnoreCase(absolute) ? absolute : null;
    }
    return headers.get(HOST);
  }

  /** The authority of an absolute target, or null for any other form. */
  static @Nullable String absoluteAuthority(String uri) {
    int scheme = schemeEnd(uri);
    return scheme < 0 ? null : uri.substring(scheme, authorityEnd(uri, scheme));
  }

  static String originForm(String uri) {
    int scheme = schemeEnd(uri);
    if (scheme < 0) {
      return uri;
    }
    String rest = uri.substring(authorityEnd(uri, scheme));
    return rest.startsWith("/") ? rest : "/" + rest;
  }

  /** Where the authority of an absolute target begins, or -1 for any other form. */
  private static int schemeEnd(String uri) {
    if (uri.startsWith("/")) {
      return -1;
    }
    if (uri.regionMatches(true, 0, "http://", 0, 7)) {
      return 7;
    }
    return uri.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
  }

  private static int authorityEnd(String uri, int from) {
    int at = from;
    while (at < uri.length() && uri.charAt(at) != '/' && uri.charAt(at) != '?') {
      at++;
    }
    return at;
  }
}
