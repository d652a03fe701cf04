package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.latency.GatewayTrips;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.Ranking;
import app.avalo.gateway.filter.latency.Vantage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the caller's place and the order of regions into exchanges that lead to a service; answers
 * 451 when no region may serve the caller. One per event loop; never waits.
 */
public final class PlaceFilter implements Filter {
  private final GeoLocator locator;
  private final LatencyModel model;
  private @Nullable GatewayTrips trips; // of the same plan; null where callers decide
  private @Nullable PlaceCache cache; // this loop; replaced with the plan and the databases

  /**
   * A filter.
   *
   * @param locator knows places and networks
   * @param model knows round trips
   */
  public PlaceFilter(GeoLocator locator, LatencyModel model) {
    this.locator = locator;
    this.model = model;
  }

  @Override
  public void request(Exchange exchange, Next next) {
    Target target = exchange.target();
    boolean steers = exchange.route().config().action() instanceof RouteConfig.Routing;
    if (target == null && !steers) {
      next.proceed(exchange);
      return;
    }
    PlaceCache places = cache(exchange.plan());
    Explanation explanation = exchange.explanation();
    String country = trustedCountry(exchange);
    PlaceCache.Caller caller =
        explanation == null
            ? places.caller(exchange.client(), country)
            : places.look(exchange.client(), country);
    if (target == null) {
      exchange.placed(caller.place());
      next.proceed(exchange);
      return;
    }
    Service service = target.service();
    RegionPreference preference;
    if (explanation == null) {
      preference = caller.preference(service, exchange.startNanos());
    } else {
      preference = caller.look(service, exchange.startNanos());
      explain(explanation, advice(places, target.service(), caller, preference));
    }
    if (preference != null) {
      exchange.placed(caller.place(), preference);
      next.proceed(exchange);
    } else {
      next.reply(
          exchange, Reply.Local.of(advice(places, target.service(), caller, null).refusal()));
    }
  }

  @Override
  public void end(Exchange exchange) {
    GatewayTrips learner = trips;
    if (learner != null
        && exchange.target() != null
        && cache != null
        && cache.isOf(exchange.plan())) {
      learner.ended(exchange);
    }
  }

  private PlaceCache cache(Plan plan) {
    PlaceCache current = cache;
    if (current == null || !current.isFor(plan, locator)) {
      current =
          new PlaceCache(
              new RoutingAdvisor(plan, locator, model),
              new PlaceCache.Databases(locator.database(), locator.networks()),
              new Ranking(model));
      Vantage gateway = current.advisor().gateway();
      trips = gateway == null ? null : new GatewayTrips(model, gateway, plan.regions().size());
      cache = current;
    }
    return current;
  }

  /** The country header, if a trusted hop set it and set it once. */
  private static @Nullable String trustedCountry(Exchange exchange) {
    String name = exchange.plan().config().placing().header();
    if (name == null || !exchange.head().viaTrustedHop()) {
      return null;
    }
    // A hop that adds its value after the client's has proved nothing about either.
    List<String> values = exchange.head().headers().getAll(name);
    return values.size() == 1 ? values.get(0) : null;
  }

  private static RoutingAdvice advice(
      PlaceCache places,
      Service service,
      PlaceCache.Caller caller,
      @Nullable RegionPreference held) {
    return places
        .advisor()
        .advise(
            service, caller.place(), caller.vantage(), held == null ? null : held.get(0).name());
  }

  private static void explain(Explanation explanation, RoutingAdvice advice) {
    Place place = advice.place();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("source", place.source().name().toLowerCase(java.util.Locale.ROOT));
    if (place.country() != null) {
      facts.put("country", place.country());
    }
    if (place.network() != 0) {
      facts.put("network", Integer.toUnsignedLong(place.network()));
    }
    if (place.hasPosition()) {
      facts.put("latitude", place.latitude());
      facts.put("longitude", place.longitude());
    }
    String verdict = place.country() != null ? place.country() : "country unknown";
    explanation.add("place", verdict, facts);
    Map<String, Object> reasons = new LinkedHashMap<>();
    for (RoutingAdvice.Choice choice : advice.choices()) {
      reasons.put(choice.region().name(), choice.reason());
    }
    RegionPreference preference = advice.preference();
    explanation.add(
        "region preference", preference == null ? "none allowed" : preference.toString(), reasons);
  }
}
