package app.avalo.gateway.filter.cors;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.PerRoute;
import app.avalo.gateway.filter.Reply;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers preflights itself and labels actual answers for the scripts of other origins. The
 * upstream's own CORS headers are replaced, never doubled: two origins in one answer match none.
 *
 * <p>Only a preflight is refused for its origin. An actual request passes even from an origin that
 * is not listed, without CORS headers: browsers send {@code Origin} with same-origin POSTs too, and
 * it is the browser that keeps the answer from the script.
 */
public final class CorsFilter implements Filter {
  private final PerRoute<Rule> rules = new PerRoute<>(CorsFilter::compile);

  /**
   * What a route says of other origins.
   *
   * @param policy null when the service answers for itself
   */
  private record Rule(@Nullable Policy policy) {}

  private static Rule compile(Route route) {
    RouteConfig.Cors cors = route.config().cors();
    return new Rule(cors == null ? null : new Policy(cors));
  }

  @Override
  public void request(Exchange exchange, Next next) {
    Policy policy = rules.of(exchange).policy();
    if (policy == null || !isPreflight(exchange)) {
      next.proceed(exchange);
      return;
    }
    String origin = origin(exchange);
    boolean allowed = origin != null && policy.allows(origin);
    Explanation explanation = exchange.explanation();
    if (explanation != null) {
      explanation.add(
          "cors",
          allowed ? "preflight answered" : "preflight refused",
          Map.of("origin", origin == null ? "several" : origin));
    }
    next.reply(exchange, allowed ? preflight(policy) : refusal(exchange));
  }

  /**
   * The standard's "CORS-preflight request": OPTIONS that asks for a method on an origin's behalf.
   */
  private static boolean isPreflight(Exchange exchange) {
    MultiMap headers = exchange.head().headers();
    return exchange.method().equals("OPTIONS")
        && headers.contains(HttpHeaders.ORIGIN)
        && headers.contains(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD);
  }

  /** The one origin of the request, null when there is none or more than one. */
  private static @Nullable String origin(Exchange exchange) {
    MultiMap headers = exchange.head().headers();
    String origin = headers.get(HttpHeaders.ORIGIN);
    if (origin == null) {
      return null;
    }
    List<String> all = headers.getAll(HttpHeaders.ORIGIN);
    return all.size() == 1 ? origin : null;
  }

  private static Reply.Local preflight(Policy policy) {
    Reply.Local reply = Reply.Local.empty(204);
    policy.labelPreflight(reply.headers());
    return reply;
  }

  private static Reply.Local refusal(Exchange exchange) {
    String detail = "The cross-origin policy of this route does not list the origin.";
    return Reply.Local.of(
        new GatewayError(
            GatewayError.Kind.FORBIDDEN, exchange.route().name() + ".cors.origins", detail, -1));
  }

  @Override
  public void response(Exchange exchange, Reply reply) {
    if (!exchange.routed()) {
      return;
    }
    Policy policy = rules.of(exchange).policy();
    if (policy != null) {
      policy.label(reply.headers(), origin(exchange), isPreflight(exchange));
    }
  }
}
