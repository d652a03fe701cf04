package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.PlacingConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.CidrMap;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.geo.RoutingAdvice.Choice;
import app.avalo.gateway.filter.geo.RoutingAdvice.Verdict;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.Ranking;
import app.avalo.gateway.filter.latency.Ranking.Margin;
import app.avalo.gateway.filter.latency.RegionMap;
import app.avalo.gateway.filter.latency.Vantage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one decision about place and region order, for one plan. Pure but for the databases and the
 * model it asks; safe from every thread.
 */
public final class RoutingAdvisor {
  private final Plan plan;
  private final GeoLocator locator;
  private final CidrMap<Place> ranges;
  private final LatencyModel model;
  private final RegionMap map;
  private final @Nullable Region here; // where this gateway stands, or null
  private final @Nullable Vantage gateway; // decides, or null where each caller does
  private final Map<String, Set<String>> tagsByCountry;
  private final int[] rank;

  /**
   * The advisor of a plan.
   *
   * @param locator knows places and networks
   * @param model knows round trips
   */
  public RoutingAdvisor(Plan plan, GeoLocator locator, LatencyModel model) {
    this.plan = plan;
    this.locator = locator;
    this.model = model;
    PlacingConfig placing = plan.config().placing();
    ranges = ranges(placing);
    map = new RegionMap(plan.regions());
    here = RegionMap.here(plan);
    gateway = RegionMap.gateway(plan);
    tagsByCountry = tagsByCountry(placing);
    rank = rank(plan, placing.order());
  }

  private static CidrMap<Place> ranges(PlacingConfig placing) {
    Map<Cidr, Place> places = new HashMap<>();
    for (PlacingConfig.Range range : placing.ranges()) {
      Place place =
          Countries.place(range.country(), range.latitude(), range.longitude(), Place.Source.RANGE);
      if (place != Place.UNKNOWN) {
        places.put(range.block(), place);
      }
    }
    return CidrMap.of(places);
  }

  private static Map<String, Set<String>> tagsByCountry(PlacingConfig placing) {
    Map<String, Set<String>> tags = new HashMap<>();
    for (PlacingConfig.Residency rule : placing.residency()) {
      for (String country : rule.countries()) {
        tags.computeIfAbsent(country, c -> new LinkedHashSet<>()).add(rule.tag());
      }
    }
    return tags;
  }

  /** Position of each region in the static order; those it does not name follow as in the file. */
  private static int[] rank(Plan plan, List<String> order) {
    int[] rank = new int[plan.regions().size()];
    for (Region region : plan.regions()) {
      int named = order.indexOf(region.name());
      rank[region.ordinal()] = named >= 0 ? named : order.size() + region.ordinal();
    }
    return rank;
  }

  /** The region in which this gateway stands, or null. */
  public @Nullable Region here() {
    return here;
  }

  Plan plan() {
    return plan;
  }

  /** This gateway as a vantage of its own, or null where callers decide. */
  public @Nullable Vantage gateway() {
    return gateway;
  }

  LatencyModel model() {
    return model;
  }

  /**
   * The place of a caller, from the strongest source that knows: range, header, database.
   *
   * @param trustedCountry country header of a trusted hop as sent, or null; nonsense is ignored
   */
  public Place place(IpAddress client, @Nullable String trustedCountry) {
    Place known = ranges.get(client);
    if (known == null) {
      int country = Countries.indexOf(trustedCountry);
      known = country >= 0 ? Countries.place(country, Place.Source.HEADER) : locator.locate(client);
    }
    return known.in(locator.network(client));
  }

  /** Who measures the way from this client by itself to a region. */
  public Vantage client(IpAddress client, Place place) {
    return map.client(client, place);
  }

  /** Whose way decides about requests of this client that are forwarded. */
  public Vantage forwarding(IpAddress client, Place place) {
    return gateway != null ? gateway : client(client, place);
  }

  /**
   * The regions that may serve a caller, in order; nothing else is done than what this takes.
   *
   * @param before the preference that the caller had so far, or null: its first region is kept
   *     while it is about as good
   * @param ranking of the calling thread
   * @return null when none may
   */
  @Nullable RegionPreference prefer(
      Service service,
      Place place,
      Vantage from,
      @Nullable RegionPreference before,
      Ranking ranking) {
    int present = before == null ? -1 : before.get(0).ordinal();
    return rank(service, place, from, present, ranking).preference(plan.regions(), before);
  }

  private Ranking rank(Service service, Place place, Vantage from, int present, Ranking ranking) {
    Set<String> required = requiredTags(service, place);
    long allowed = 0;
    for (Region region : plan.regions()) {
      if (verdict(service, required, region) == Verdict.ALLOWED) {
        allowed |= 1L << region.ordinal();
      }
    }
    Margin margin = service.config().pin() == null ? Margin.PLAIN : Margin.PINNED;
    return ranking.rank(from, allowed, rank, present, margin);
  }

  /** All regions judged for a caller at this place that has no region so far. */
  public RoutingAdvice advise(Service service, Place place, Vantage from) {
    return advise(service, place, from, null);
  }

  /**
   * All regions judged for a caller at this place.
   *
   * @param present name of the region that it uses so far, or null
   */
  public RoutingAdvice advise(
      Service service, Place place, Vantage from, @Nullable String present) {
    int used = -1;
    for (Region region : plan.regions()) {
      used = region.name().equals(present) ? region.ordinal() : used;
    }
    Ranking ranking = rank(service, place, from, used, new Ranking(model));
    RegionPreference preference = ranking.preference(plan.regions(), null);
    Set<String> required = requiredTags(service, place);
    List<Choice> choices = new ArrayList<>();
    if (preference != null) {
      for (Region region : preference) {
        choices.add(choice(service, required, region, from, ranking));
      }
    }
    for (Region region : plan.regions()) {
      if (preference == null || preference.indexOf(region) < 0) {
        choices.add(choice(service, required, region, from, ranking));
      }
    }
    return new RoutingAdvice(place, service, List.copyOf(choices), preference);
  }

  private Set<String> requiredTags(Service service, Place place) {
    String country = place.country();
    return service.config().residency() && country != null
        ? tagsByCountry.getOrDefault(country, Set.of())
        : Set.of();
  }

  private Choice choice(
      Service service, Set<String> required, Region region, Vantage from, Ranking ranking) {
    return new Choice(
        region,
        verdict(service, required, region),
        missing(required, region),
        from.km(region.ordinal()),
        ranking.explain(from, region.ordinal()));
  }

  private static Verdict verdict(Service service, Set<String> required, Region region) {
    if (service.in(region).isEmpty()) {
      return Verdict.ABSENT;
    }
    return missing(required, region) == null ? Verdict.ALLOWED : Verdict.RESIDENCY;
  }

  private static @Nullable String missing(Set<String> required, Region region) {
    for (String tag : required) {
      if (!region.config().residency().contains(tag)) {
        return tag;
      }
    }
    return null;
  }
}
