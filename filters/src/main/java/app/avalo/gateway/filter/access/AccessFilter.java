package app.avalo.gateway.filter.access;

import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.PerRoute;
import app.avalo.gateway.filter.Reply;
import java.util.Map;

/** Refuses client addresses that a route denies or does not allow; deny is the stronger. */
public final class AccessFilter implements Filter {
  private final PerRoute<Blocks> blocks = new PerRoute<>(AccessFilter::compile);

  /**
   * The address rules of a route.
   *
   * @param allow empty means all
   * @param deny stronger than allow
   */
  private record Blocks(Cidr[] allow, Cidr[] deny) {}

  private static Blocks compile(Route route) {
    return new Blocks(
        route.config().access().allow().toArray(Cidr[]::new),
        route.config().access().deny().toArray(Cidr[]::new));
  }

  @Override
  public void request(Exchange exchange, Next next) {
    Blocks rules = blocks.of(exchange);
    IpAddress client = exchange.client();
    if (holds(rules.deny, client)) {
      refuse(exchange, next, "deny");
    } else if (rules.allow.length > 0 && !holds(rules.allow, client)) {
      refuse(exchange, next, "allow");
    } else {
      next.proceed(exchange);
    }
  }

  private static boolean holds(Cidr[] blocks, IpAddress address) {
    for (Cidr block : blocks) {
      if (block.contains(address)) {
        return true;
      }
    }
    return false;
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
