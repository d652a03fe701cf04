package app.avalo.gateway.edge.answer;

import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Reply;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** The edge's own steps of an explanation: which route, and an answer that the gateway makes. */
public final class Explained {
  private Explained() {}

  public static void route(Exchange exchange) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("method", exchange.method());
    facts.put("host", exchange.host());
    facts.put("path", exchange.path());
    facts.put("client", exchange.client().toString());
    Target target = exchange.target();
    boolean split = exchange.route().targets().size() > 1;
    facts.put("service", split ? "by split" : target == null ? "none" : target.service().name());
    explanation(exchange).add("route", exchange.route().name(), facts);
  }

  public static void answer(Exchange exchange, Reply.Local reply) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("status", reply.status());
    GatewayError error = reply.error();
    if (error != null) {
      error = Problem.named(exchange, error);
      facts.put("error", error.kind().label());
      facts.put("detail", error.detail());
      if (error.rule() != null) {
        facts.put("rule", error.rule());
      }
    }
    exchange.status(reply.status());
    explanation(exchange).add("answer", "answered by the gateway", facts);
  }

  private static Explanation explanation(Exchange exchange) {
    return Objects.requireNonNull(exchange.explanation());
  }
}
