package app.avalo.gateway.filter.split;

import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.Next;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Gives each caller of a route with several services one of them, by weight. A caller keeps its
 * service from request to request and from replica to replica: a user sees one version during a
 * rollout, and who had the new version keeps it while its weight grows at the cost of the others.
 * Where a budget would refuse the service, a cheaper one takes its place, if there is one.
 */
public final class SplitFilter implements Filter {
  private final Predicate<Exchange> tooDear;

  /**
   * The filter of one event loop.
   *
   * @param tooDear whether a budget would refuse the request; asked where there is a cheaper
   *     service
   */
  public SplitFilter(Predicate<Exchange> tooDear) {
    this.tooDear = tooDear;
  }

  @Override
  public void request(Exchange exchange, Next next) {
    Route route = exchange.route();
    if (route.targets().size() > 1) {
      Target target = route.target(draw(exchange));
      exchange.splitTo(target);
      Explanation explanation = exchange.explanation();
      if (explanation != null) {
        explain(exchange, explanation, target);
      }
    }
    Target chosen = exchange.target();
    Target cheaper = chosen == null ? null : chosen.cheaper();
    if (cheaper != null && tooDear.test(exchange)) {
      exchange.splitTo(cheaper);
      Explanation explanation = exchange.explanation();
      if (explanation != null) {
        explanation.add("split", cheaper.service().name(), Map.of("by", "budget"));
      }
    }
    next.proceed(exchange);
  }

  /**
   * A number of the caller and the services, the same in every process. Routes that split between
   * the same services agree on a caller; other splits are independent of them.
   */
  private static int draw(Exchange exchange) {
    int services = 0;
    for (Target target : exchange.route().targets()) {
      services += target.service().name().hashCode();
    }
    return mix(mix(services) + caller(exchange));
  }

  private static int caller(Exchange exchange) {
    Caller caller = exchange.caller();
    if (caller.user() != null) {
      return caller.user().hashCode();
    }
    if (caller.apiKey() != null) {
      return caller.apiKey().hashCode();
    }
    // Of an IPv6 address only the network: devices change the rest every few hours.
    IpAddress client = exchange.client();
    return Long.hashCode(client.high() == 0 ? client.low() : client.high());
  }

  /** Finalizer of MurmurHash3: neighbouring addresses must not get neighbouring draws. */
  private static int mix(int key) {
    int h = key;
    h ^= h >>> 16;
    h *= 0x85ebca6b;
    h ^= h >>> 13;
    h *= 0xc2b2ae35;
    return h ^ h >>> 16;
  }

  private static void explain(Exchange exchange, Explanation explanation, Target target) {
    Caller caller = exchange.caller();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put(
        "by", caller.user() != null ? "user" : caller.apiKey() != null ? "apiKey" : "address");
    for (Target each : exchange.route().targets()) {
      facts.put(each.service().name(), each.weight());
    }
    explanation.add("split", target.service().name(), facts);
  }
}
