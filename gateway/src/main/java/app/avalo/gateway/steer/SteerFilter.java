package app.avalo.gateway.steer;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.geo.GeoLocator;
import app.avalo.gateway.filter.geo.RoutingAdvice;
import app.avalo.gateway.filter.geo.RoutingAdvisor;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.Vantage;
import app.avalo.gateway.filter.pin.PinFilter;
import app.avalo.gateway.forward.choice.Destination;
import app.avalo.gateway.region.Health;
import io.netty.util.AsciiString;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpHeaders;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Answers routes that say {@code routing}: GET gives the best region for the caller, or the one
 * that owns it, POST takes what it measured. What the connections of callers show is taken in with
 * any route. One per event loop.
 */
public final class SteerFilter implements Filter {
  private static final CharSequence ALLOW = AsciiString.cached("allow");

  private final Health health;
  private final GeoLocator locator;
  private final LatencyModel model;
  private final Reports reports;
  private final PinFilter pins;
  private final Nearness nearness;
  private @Nullable RoutingAdvisor advisor; // of the plan seen last
  private @Nullable Plan of;

  /** Decides between regions that cost a caller about the same, as for what is forwarded. */
  public interface Nearness {
    Region better(Exchange exchange, Service service, Region one, Region other);
  }

  /**
   * A filter.
   *
   * @param reports of this loop
   * @param pins of this loop
   * @param nearness of this loop
   */
  public SteerFilter(
      Health health,
      GeoLocator locator,
      LatencyModel model,
      Reports reports,
      PinFilter pins,
      Nearness nearness) {
    this.health = health;
    this.locator = locator;
    this.model = model;
    this.reports = reports;
    this.pins = pins;
    this.nearness = nearness;
  }

  @Override
  public void request(Exchange exchange, Next next) {
    if (exchange.roundTripMicros() > 0) {
      learn(exchange);
    }
    if (exchange.route().config().action() instanceof RouteConfig.Routing routing) {
      answer(exchange, routing).onSuccess(answer -> next.reply(exchange, answer));
    } else {
      next.proceed(exchange);
    }
  }

  private void learn(Exchange exchange) {
    RoutingAdvisor advisor = advisor(exchange.plan());
    Region here = advisor.here();
    if (here != null) {
      Place place = advisor.place(exchange.client(), null); // of fixed answers nobody asked for it
      Vantage from = advisor.client(exchange.client(), place);
      reports.beacons().connected(from, here.ordinal(), exchange.roundTripMicros() / 1e3f);
    }
  }

  private Future<Reply.Local> answer(Exchange exchange, RouteConfig.Routing routing) {
    Vantage from = advisor(exchange.plan()).client(exchange.client(), exchange.place());
    return switch (exchange.method()) {
      case "GET", "HEAD" -> routing(exchange, routing, from);
      case "POST" -> reports.take(exchange, from);
      default -> {
        Reply.Local refusal =
            Reply.Local.of(new GatewayError(Kind.METHOD_NOT_ALLOWED, "GET asks, POST reports."));
        refusal.headers().set(ALLOW, "GET, HEAD, POST");
        yield Future.succeededFuture(refusal);
      }
    };
  }

  private Future<Reply.Local> routing(
      Exchange exchange, RouteConfig.Routing routing, Vantage from) {
    String name = exchange.query("service");
    Service service = name == null ? null : exchange.plan().service(name);
    if (service == null) {
      return Future.succeededFuture(
          refused("service: " + (name == null ? "missing" : "no such service") + "."));
    }
    String present = exchange.query("present");
    RoutingAdvice advice =
        advisor(exchange.plan()).advise(service, exchange.place(), from, present);
    if (advice.preference() == null) {
      return Future.succeededFuture(Reply.Local.of(advice.refusal()));
    }
    Recommendation best =
        Recommendation.of(
            advice,
            routing,
            health,
            Destination.caller(exchange),
            (one, other) ->
                one.name().equals(present) ? one : nearness.better(exchange, service, one, other));
    Pin pin = service.config().pin();
    if (best == null || pin == null) {
      return Future.succeededFuture(told(exchange, service, best, from));
    }
    return bound(exchange, pin, best)
        .map(
            refusal ->
                refusal != null ? refusal : told(exchange, service, owner(exchange, best), from));
  }

  /** Looks for who owns the caller, who begins where it is best; a refusal if that fails. */
  private Future<Reply.@Nullable Local> bound(Exchange exchange, Pin pin, Recommendation best) {
    Promise<Reply.@Nullable Local> found = Promise.promise();
    exchange.placed(exchange.place(), best.preference());
    pins.bind(
        exchange,
        pin,
        new Next() {
          @Override
          public void proceed(Exchange bound) {
            found.complete(null);
          }

          @Override
          public void reply(Exchange unbound, Reply.Local refusal) {
            found.complete(refusal);
          }
        });
    return found.future();
  }

  private static @Nullable Recommendation owner(Exchange exchange, Recommendation best) {
    return best.only(Objects.requireNonNull(exchange.pin()).region());
  }

  private Reply.Local told(
      Exchange exchange, Service service, @Nullable Recommendation best, Vantage from) {
    if (best == null) {
      return Reply.Local.of(
          new GatewayError(
              Kind.NO_REGION, service.name(), "No region that clients reach is in service.", 1));
    }
    if (exchange.explanation() != null) {
      exchange.explanation().add("routing", best.primary().name(), best.facts());
    } else if (exchange.pin() == null) {
      health.taken(best.primary(), Destination.caller(exchange));
    }
    Directions directions =
        new Directions(model, from, viaGateway(exchange, from), pins.token(exchange));
    Reply.Local answer =
        new Reply.Local(
            200,
            HttpHeaders.headers(),
            best.toJson(directions, exchange, reports.beacons()).toBuffer(),
            null);
    answer.headers().set(HttpHeaders.CONTENT_TYPE, "application/json");
    answer.headers().set(HttpHeaders.CACHE_CONTROL, "no-store");
    return answer;
  }

  /**
   * What each region costs the caller who stays with this gateway, by ordinal: its way here, as the
   * connection shows or else as is expected, and the gateway's from here. Null where this gateway
   * does not measure its own ways.
   */
  private float @Nullable [] viaGateway(Exchange exchange, Vantage from) {
    RoutingAdvisor known = advisor(exchange.plan());
    Vantage gateway = known.gateway();
    Region here = known.here();
    if (gateway == null || here == null) {
      return null;
    }
    float[] via = new float[exchange.plan().regions().size()];
    model.estimate(from, via);
    float toHere =
        exchange.roundTripMicros() > 0 ? exchange.roundTripMicros() / 1e3f : via[here.ordinal()];
    model.estimate(gateway, via);
    for (int i = 0; i < via.length; i++) {
      via[i] += toHere;
    }
    return via;
  }

  static Reply.Local refused(String detail) {
    return Reply.Local.of(new GatewayError(Kind.BAD_REQUEST, "routing", detail, -1));
  }

  private RoutingAdvisor advisor(Plan plan) {
    RoutingAdvisor current = advisor;
    if (current == null || of != plan) {
      current = new RoutingAdvisor(plan, locator, model);
      advisor = current;
      of = plan;
    }
    return current;
  }
}
