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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one decision about place and region order, for one plan. Pure but for the database it asks;
 * safe from every thread.
 */
public final class RoutingAdvisor {
  private final Plan plan;
  private final GeoLocator locator;
  private final CidrMap<Place> ranges;
  private final LatencyMap latencies;
  private final Map<String, Set<String>> tagsByCountry;
  private final int[] rank;

  public RoutingAdvisor(Plan plan, GeoLocator locator) {
    this.plan = plan;
    this.locator = locator;
    PlacingConfig placing = plan.config().placing();
    ranges = ranges(placing);
    latencies = new LatencyMap(plan.regions());
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

  Plan plan() {
    return plan;
  }

  /**
   * The place of a caller, from the strongest source that knows: range, header, database.
   *
   * @param trustedCountry country header of a trusted hop as sent, or null; nonsense is ignored
   */
  public Place place(IpAddress client, @Nullable String trustedCountry) {
    Place known = ranges.get(client);
    if (known != null) {
      return known;
    }
    int country = Countries.indexOf(trustedCountry);
    return country >= 0 ? Countries.place(country, Place.Source.HEADER) : locator.locate(client);
  }

  /** Whether the configuration itself knows where the address is. */
  boolean inRange(IpAddress client) {
    return ranges.get(client) != null;
  }

  /** All regions judged for a caller at this place. */
  public RoutingAdvice advise(Service service, Place place) {
    Set<String> required = requiredTags(service, place);
    List<Choice> allowed = new ArrayList<>();
    List<Choice> others = new ArrayList<>();
    for (Region region : plan.regions()) {
      Choice choice = judge(service, place, required, region);
      (choice.verdict() == Verdict.ALLOWED ? allowed : others).add(choice);
    }
    allowed.sort(
        Comparator.comparingDouble(Choice::expectedMillis)
            .thenComparingInt(choice -> rank[choice.region().ordinal()]));
    RegionPreference preference =
        allowed.isEmpty()
            ? null
            : RegionPreference.of(allowed.stream().map(Choice::region).toList());
    allowed.addAll(others);
    return new RoutingAdvice(place, service, List.copyOf(allowed), preference);
  }

  private Set<String> requiredTags(Service service, Place place) {
    String country = place.country();
    return service.config().residency() && country != null
        ? tagsByCountry.getOrDefault(country, Set.of())
        : Set.of();
  }

  private Choice judge(Service service, Place place, Set<String> required, Region region) {
    double km = latencies.km(place, region);
    double millis = LatencyMap.millis(km);
    if (service.in(region).isEmpty()) {
      return new Choice(region, Verdict.ABSENT, null, km, millis);
    }
    for (String tag : required) {
      if (!region.config().residency().contains(tag)) {
        return new Choice(region, Verdict.RESIDENCY, tag, km, millis);
      }
    }
    return new Choice(region, Verdict.ALLOWED, null, km, millis);
  }
}
