package app.avalo.gateway.forward.head;

import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.client.ClientCertificate;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes the request line and headers that an upstream sees. */
public final class UpstreamHead {
  private static final CharSequence TE = AsciiString.cached("te");
  private static final CharSequence TRAILERS = AsciiString.cached("trailers");
  private static final CharSequence VIA = AsciiString.cached("via");
  private static final CharSequence FORWARDED = AsciiString.cached("forwarded");
  private static final CharSequence FOR = AsciiString.cached("x-forwarded-for");
  private static final CharSequence HOST = AsciiString.cached("x-forwarded-host");
  private static final CharSequence PROTO = AsciiString.cached("x-forwarded-proto");
  private static final CharSequence REQUEST_ID = AsciiString.cached("x-request-id");
  private static final CharSequence TRACEPARENT = AsciiString.cached("traceparent");
  private static final CharSequence USER = AsciiString.cached("x-avalo-user");
  private static final CharSequence TIER = AsciiString.cached("x-avalo-tier");
  private static final CharSequence ROLES = AsciiString.cached("x-avalo-roles");
  private static final CharSequence CLIENT_CERT = AsciiString.cached("client-cert");

  private UpstreamHead() {}

  /** Path and query after the route's rewriting. */
  public static String uri(Exchange exchange) {
    String path = exchange.route().upstreamPath(exchange.path());
    String query = exchange.head().queryString();
    return query == null ? path : path + '?' + query;
  }

  /** Fills the headers of an upstream request; length and framing are the body's business. */
  public static void write(
      Exchange exchange, HttpServerRequest request, MultiMap to, TraceIds traces) {
    Exchange.Head head = exchange.head();
    MultiMap from = head.headers();
    HeaderCopy.up(from, to);
    String host = clientHost(request, from, head.host());
    String rewritten = host(exchange.route());
    to.set(HttpHeaders.HOST, rewritten == null ? host : rewritten);
    forwarding(exchange, request, host, from, to);
    to.set(REQUEST_ID, head.id());
    String parent = from.get(TRACEPARENT);
    to.set(TRACEPARENT, TraceIds.isValid(parent) ? parent : traces.next());
    joinCookies(request, from, to);
    caller(exchange, to);
    ClientCertificate certificate = exchange.clientCertificate();
    if (certificate != null && certificate.header() != null) {
      to.set(CLIENT_CERT, certificate.header());
    }
  }

  /**
   * Lets a service that speaks HTTP/2 know that trailers are read. That header is of one hop, but
   * here both hops carry them, and gRPC servers ask for it.
   */
  public static void writeTe(MultiMap from, MultiMap to) {
    String te = from.get(TE);
    if (te != null && te.contains("trailers")) {
      to.set(TE, TRAILERS);
    }
  }

  private static @Nullable String host(Route route) {
    return route.config().rewrite().host();
  }

  private static String clientHost(HttpServerRequest request, MultiMap from, String fallback) {
    String host = request.version() == HttpVersion.HTTP_2 ? null : from.get(HttpHeaders.HOST);
    if (host != null) {
      return host;
    }
    // HTTP/1.0 with an absolute target has no Host.
    return request.authority() == null ? fallback : request.authority().toString();
  }

  private static void forwarding(
      Exchange exchange, HttpServerRequest request, String host, MultiMap from, MultiMap to) {
    Exchange.Head head = exchange.head();
    String client = head.client().toString();
    String proto = head.secure() ? "https" : "http";
    String via = version(request) + " " + exchange.plan().config().name();
    String earlierVia = from.get(VIA);
    to.set(VIA, earlierVia == null ? via : earlierVia + ", " + via);
    if (!head.viaTrustedHop()) {
      to.set(FOR, client);
      to.set(HOST, host);
      to.set(PROTO, proto);
      to.set(FORWARDED, element(client, proto, host));
      return;
    }
    String peer = request.remoteAddress().hostAddress();
    String chain = from.get(FOR);
    to.set(FOR, chain == null ? peer : String.join(", ", from.getAll(FOR)) + ", " + peer);
    String earlierHost = from.get(HOST);
    to.set(HOST, earlierHost == null ? host : earlierHost);
    to.set(PROTO, proto);
    String earlier = from.get(FORWARDED);
    String own = element(peer, request.isSSL() ? "https" : "http", host);
    to.set(FORWARDED, earlier == null ? own : earlier + ", " + own);
  }

  /** One element of Forwarded (RFC 7239); addresses with colons are quoted and bracketed. */
  private static String element(String address, String proto, String host) {
    String node = address.indexOf(':') < 0 ? address : "\"[" + address + "]\"";
    String quotedHost = host.indexOf(':') < 0 ? host : '"' + host + '"';
    return "for=" + node + ";proto=" + proto + ";host=" + quotedHost;
  }

  private static String version(HttpServerRequest request) {
    return switch (request.version()) {
      case HTTP_1_0 -> "1.0";
      case HTTP_1_1 -> "1.1";
      default -> "2";
    };
  }

  /** HTTP/2 splits cookies into several fields, HTTP/1.1 wants one (RFC 9113, 8.2.3). */
  private static void joinCookies(HttpServerRequest request, MultiMap from, MultiMap to) {
    if (request.version() == HttpVersion.HTTP_2) {
      List<String> cookies = from.getAll(HttpHeaders.COOKIE);
      if (cookies.size() > 1) {
        to.set(HttpHeaders.COOKIE, String.join("; ", cookies));
      }
    }
  }

  private static void caller(Exchange exchange, MultiMap to) {
    if (!exchange.caller().known()) {
      return;
    }
    String user = exchange.caller().user();
    if (user != null && isToken(user)) {
      to.set(USER, user);
    }
    to.set(TIER, exchange.caller().tier());
    if (!exchange.caller().roles().isEmpty()) {
      to.set(ROLES, String.join(",", exchange.caller().roles()));
    }
  }

  /** A user name comes from a claim; one that a header cannot hold is not sent. */
  private static boolean isToken(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c <= ' ' || c >= 0x7f) {
        return false;
      }
    }
    return true;
  }
}
