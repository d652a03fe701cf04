package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.PlacingConfig;
import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.geo.RoutingAdvice.Choice;
import app.avalo.gateway.filter.geo.RoutingAdvice.Verdict;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.Vantage;
import app.avalo.gateway.filter.time.VirtualTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class RoutingAdvisorTest {
  private static final List<String> COUNTRIES = List.of("PL", "DE", "US", "JP", "BR");
  private static final List<String> TAGS = List.of("gdpr", "appi", "lgpd");

  /** A random map of regions, a service in some of them, and random data rules. */
  private static Plan plan(Random random) {
    Plans plans = Plans.minimal();
    Map<String, List<ServiceConfig.Endpoint>> present = new HashMap<>();
    List<String> names = new ArrayList<>(List.of("eu", "us", "asia", "r0", "r1", "r2"));
    for (int i = 0; i < names.size(); i++) {
      Set<String> tags = new HashSet<>(TAGS);
      tags.removeIf(tag -> random.nextInt(3) == 0);
      plans.region(
          new RegionConfig(
              names.get(i), i, "", random.nextInt(180) - 90, random.nextInt(360) - 180, tags, 0.5));
      if (random.nextInt(4) > 0 || i == 0) {
        present.put(names.get(i), List.of(new ServiceConfig.Endpoint(false, "127.0.0.1", 1, 1)));
      }
    }
    List<PlacingConfig.Residency> rules = new ArrayList<>();
    for (String tag : TAGS) {
      Set<String> countries = new HashSet<>(COUNTRIES);
      countries.removeIf(country -> random.nextBoolean());
      rules.add(new PlacingConfig.Residency(countries, tag));
    }
    java.util.Collections.shuffle(names, random);
    List<String> order = names.subList(0, random.nextInt(names.size()));
    return plans
        .placing(new PlacingConfig(null, null, List.of(), List.copyOf(order), rules))
        .service(residential("wallet", present, random.nextInt(5) > 0))
        .compile();
  }

  static ServiceConfig residential(
      String name, Map<String, List<ServiceConfig.Endpoint>> regions, boolean residency) {
    ServiceConfig plain = Plans.service(name, null);
    return new ServiceConfig(
        name,
        plain.priority(),
        plain.protocol(),
        regions,
        plain.upstreamTls(),
        plain.health(),
        plain.timeouts(),
        plain.retry(),
        plain.balance(),
        null,
        residency,
        plain.limits(),
        plain.webSocket(),
        plain.streams(),
        plain.targets());
  }

  private static Place place(Random random) {
    return switch (random.nextInt(3)) {
      case 0 -> Place.UNKNOWN;
      case 1 ->
          Countries.place(Countries.indexOf(COUNTRIES.get(random.nextInt(5))), Place.Source.HEADER);
      default ->
          new Place(
              random.nextBoolean() ? null : COUNTRIES.get(random.nextInt(5)),
              random.nextInt(180) - 90,
              random.nextInt(360) - 180,
              Place.Source.DATABASE);
    };
  }

  private static RoutingAdvice advise(Plan plan, Place place) {
    RoutingAdvisor advisor =
        new RoutingAdvisor(plan, new GeoLocator(), new LatencyModel(4, new VirtualTime()));
    IpAddress client = IpAddress.v4(0x0b00_0001);
    return advisor.advise(plan.services().get(0), place, advisor.client(client, place));
  }

  /** Whatever clients measured, or say they did. */
  private static RoutingAdvice adviseTaught(Plan plan, Place place, Random random) {
    LatencyModel model = new LatencyModel(4, new VirtualTime());
    RoutingAdvisor advisor = new RoutingAdvisor(plan, new GeoLocator(), model);
    Vantage from = advisor.client(IpAddress.v4(0x0b00_0001), place);
    for (int i = random.nextInt(20); i > 0; i--) {
      int region = random.nextInt(plan.regions().size());
      model.sample(from, region, 400 * random.nextFloat(), LatencyModel.Trust.REPORTED);
    }
    String present = plan.regions().get(random.nextInt(plan.regions().size())).name();
    return advisor.advise(plan.services().get(0), place, from, present);
  }

  private static Set<String> required(Plan plan, Place place) {
    Set<String> tags = new HashSet<>();
    for (PlacingConfig.Residency rule : plan.config().placing().residency()) {
      if (place.country() != null && rule.countries().contains(place.country())) {
        tags.add(rule.tag());
      }
    }
    return tags;
  }

  @Property
  void thePreferenceIsExactlyTheAllowedRegionsEachOnce(@ForAll long seed) {
    Random random = new Random(seed);
    Plan plan = plan(random);
    Service service = plan.services().get(0);
    Place place = place(random);
    RegionPreference preference = adviseTaught(plan, place, random).preference();
    Set<String> expected = new HashSet<>();
    for (Region region : plan.regions()) {
      boolean lawful =
          !service.config().residency()
              || region.config().residency().containsAll(required(plan, place));
      if (lawful && !service.in(region).isEmpty()) {
        expected.add(region.name());
      }
    }
    List<String> actual = new ArrayList<>();
    if (preference != null) {
      preference.forEach(region -> actual.add(region.name()));
    }
    assertThat(actual).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(expected);
  }

  @Property
  void everyRegionIsJudgedAndNearerOnesComeFirst(@ForAll long seed) {
    Random random = new Random(seed);
    Plan plan = plan(random);
    RoutingAdvice advice = advise(plan, place(random));
    assertThat(advice.choices()).hasSameSizeAs(plan.regions());
    double last = 0;
    for (Choice choice : advice.choices()) {
      if (choice.verdict() == Verdict.ALLOWED && advice.place().hasPosition()) {
        assertThat(choice.expectedMillis()).isGreaterThanOrEqualTo(last);
        last = choice.expectedMillis();
      }
    }
  }

  @Example
  void anUnknownPlaceGetsTheStaticOrder() {
    Plan plan =
        Plans.minimal()
            .placing(new PlacingConfig(null, null, List.of(), List.of("asia", "eu"), List.of()))
            .compile();
    assertThat(advise(plan, Place.UNKNOWN).preference()).hasToString("[asia, eu, us]");
  }

  @Example
  void regionsAtOneSiteStandInStaticOrder() {
    Plan plan =
        Plans.minimal()
            .region(new RegionConfig("eu", 0, "", 10, 10, Set.of(), 0.5))
            .region(new RegionConfig("us", 1, "", 10, 10, Set.of(), 0.5))
            .region(new RegionConfig("asia", 2, "", 10, 10, Set.of(), 0.5))
            .placing(
                new PlacingConfig(null, null, List.of(), List.of("us", "asia", "eu"), List.of()))
            .compile();
    Place warsaw = new Place("PL", 52.2, 21.0, Place.Source.DATABASE);
    assertThat(advise(plan, warsaw).preference()).hasToString("[us, asia, eu]");
  }
}
