package app.avalo.gateway.steer;

import app.avalo.gateway.config.RouteConfig;
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
import app.avalo.gateway.filter.beacon.Beacons;
import app.avalo.gateway.filter.beacon.Beacons.Verdict;
import app.avalo.gateway.filter.beacon.Votes;
import app.avalo.gateway.filter.geo.GeoLocator;
import app.avalo.gateway.filter.geo.RoutingAdvice;
import app.avalo.gateway.filter.geo.RoutingAdvisor;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.Vantage;
import app.avalo.gateway.forward.choice.Destination;
import app.avalo.gateway.region.Health;
import io.netty.util.AsciiString;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers routes that say {@code routing}: GET gives the best region for the caller, POST takes
 * what it measured. What the connections of callers show is taken in with any route. One per event
 * loop.
 */
public final class SteerFilter implements Filter {
  private static final CharSequence ALLOW = AsciiString.cached("allow");

  private final Health health;
  private final GeoLocator locator;
  private final LatencyModel model;
  private final Beacons beacons;
  private final Votes votes;
  private @Nullable RoutingAdvisor advisor; // of the plan seen last
  private @Nullable Plan of;

  /**
   * A filter.
   *
   * @param votes of this loop
   */
  public SteerFilter(
      Health health, GeoLocator locator, LatencyModel model, Beacons beacons, Votes votes) {
    this.health = health;
    this.locator = locator;
    this.model = model;
    this.beacons = beacons;
    this.votes = votes;
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
      beacons.connected(from, here.ordinal(), exchange.roundTripMicros() / 1e3f);
    }
  }

  private Future<Reply.Local> answer(Exchange exchange, RouteConfig.Routing routing) {
    return switch (exchange.method()) {
      case "GET", "HEAD" -> Future.succeededFuture(routing(exchange, routing));
      case "POST" -> report(exchange);
      default -> {
        Reply.Local refusal =
            Reply.Local.of(new GatewayError(Kind.METHOD_NOT_ALLOWED, "GET asks, POST reports."));
        refusal.headers().set(ALLOW, "GET, HEAD, POST");
        yield Future.succeededFuture(refusal);
      }
    };
  }

  private Reply.Local routing(Exchange exchange, RouteConfig.Routing routing) {
    String name = exchange.query("service");
    Service service = name == null ? null : exchange.plan().service(name);
    if (service == null) {
      return refused("service: " + (name == null ? "missing" : "no such service") + ".");
    }
    RoutingAdvisor advisor = advisor(exchange.plan());
    Place place = exchange.place();
    Vantage from = advisor.client(exchange.client(), place);
    RoutingAdvice advice = advisor.advise(service, place, from, exchange.query("present"));
    if (advice.preference() == null) {
      return Reply.Local.of(advice.refusal());
    }
    int caller = Destination.caller(exchange);
    Recommendation best = Recommendation.of(advice, routing, health, caller);
    if (best == null) {
      return Reply.Local.of(
          new GatewayError(
              Kind.NO_REGION, service.name(), "No region that clients reach is in service.", 1));
    }
    if (!exchange.explaining()) {
      health.taken(best.primary(), caller);
    }
    Reply.Local answer =
        new Reply.Local(
            200,
            HttpHeaders.headers(),
            best.toJson(model, from, exchange, beacons).toBuffer(),
            null);
    answer.headers().set(HttpHeaders.CONTENT_TYPE, "application/json");
    answer.headers().set(HttpHeaders.CACHE_CONTROL, "no-store");
    return answer;
  }

  private Future<Reply.Local> report(Exchange exchange) {
    if (exchange.explaining()) {
      return Future.succeededFuture(Reply.Local.empty(204));
    }
    return judged(exchange)
        .map(verdict -> verdict == Verdict.ACCEPTED ? Reply.Local.empty(204) : refusal(verdict));
  }

  private Future<Verdict> judged(Exchange exchange) {
    String invitation = exchange.query("invitation");
    Map<Region, Float> millis = new HashMap<>();
    for (Region region : exchange.plan().regions()) {
      String sent = exchange.query(region.name());
      Float time = sent == null ? null : number(sent);
      if (sent != null && time == null) {
        return Future.succeededFuture(beacons.malformed());
      }
      if (time != null) {
        millis.put(region, time);
      }
    }
    if (invitation == null) {
      return Future.succeededFuture(beacons.malformed());
    }
    Vantage from = advisor(exchange.plan()).client(exchange.client(), exchange.place());
    return beacons.report(
        votes,
        exchange.plan().config().pins(),
        from,
        new Beacons.Report(exchange.client(), invitation, millis));
  }

  private static @Nullable Float number(String text) {
    try {
      return text.length() > 16 ? null : Float.valueOf(text);
    } catch (NumberFormatException other) {
      return null;
    }
  }

  private static Reply.Local refusal(Verdict verdict) {
    return switch (verdict) {
      case TOO_OFTEN ->
          Reply.Local.of(new GatewayError(Kind.LIMITED, "beacon", verdict.detail(), 3600));
      case FORGED, REPLAYED, EXPIRED ->
          Reply.Local.of(new GatewayError(Kind.FORBIDDEN, "beacon", verdict.detail(), -1));
      default -> refused(verdict.detail());
    };
  }

  private static Reply.Local refused(String detail) {
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
