package app.avalo.gateway.filter.geo;

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
  private @Nullable PlaceCache cache; // this loop; replaced with the plan and the database

  public PlaceFilter(GeoLocator locator) {
    this.locator = locator;
  }

  @Override
  public void request(Exchange exchange, Next next) {
    Target target = exchange.target();
    if (target == null) {
      next.proceed(exchange);
      return;
    }
    PlaceCache places = cache(exchange.plan());
    PlaceCache.Caller caller = places.caller(exchange.client(), trustedCountry(exchange));
    Explanation explanation = exchange.explanation();
    if (explanation != null) {
      explain(explanation, places.advisor().advise(target.service(), caller.place()));
    }
    RegionPreference preference = caller.preference(target.service());
    if (preference != null) {
      exchange.placed(caller.place(), preference);
      next.proceed(exchange);
    } else {
      next.reply(exchange, refusal(places, target.service(), caller.place()));
    }
  }

  private PlaceCache cache(Plan plan) {
    PlaceCache current = cache;
    GeoDatabase database = locator.database();
    if (current == null || !current.isFor(plan, database)) {
      current = new PlaceCache(new RoutingAdvisor(plan, locator), database);
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

  private static Reply.Local refusal(PlaceCache places, Service service, Place place) {
    return Reply.Local.of(places.advisor().advise(service, place).refusal());
  }

  private static void explain(Explanation explanation, RoutingAdvice advice) {
    Place place = advice.place();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("source", place.source().name().toLowerCase(java.util.Locale.ROOT));
    if (place.country() != null) {
      facts.put("country", place.country());
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
