package app.avalo.gateway.filter.access;

import app.avalo.gateway.config.unit.AddressRule;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import java.util.Map;

/** Refuses client addresses that a route denies or does not allow; deny is the stronger. */
public final class AccessFilter implements Filter {
  @Override
  public void request(Exchange exchange, Next next) {
    AddressRule rule = exchange.route().addresses();
    IpAddress client = exchange.client();
    if (rule.permits(client)) {
      next.proceed(exchange);
    } else {
      refuse(exchange, next, rule.deny().contains(client) ? "deny" : "allow");
    }
  }

  private static void refuse(Exchange exchange, Next next, String list) {
    String rule = exchange.route().name() + ".access." + list;
    Explanation explanation = exchange.explanation();
    if (explanation != null) {
      explanation.add(
          "access", "refused", Map.of("rule", rule, "client", exchange.client().toString()));
    }
    String detail = "The route is not open to this client address.";
    next.reply(
        exchange, Reply.Local.of(new GatewayError(GatewayError.Kind.FORBIDDEN, rule, detail, -1)));
  }
}
