package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import app.avalo.gateway.config.PlacingConfig;
import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.latency.CheckedTrips;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.RegionMap;
import app.avalo.gateway.filter.latency.Vantage;
import app.avalo.gateway.filter.time.VirtualTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlaceFilterTest {
  private static final String HEADER = "X-Country";

  @TempDir Path directory;
  private final GeoLocator locator = new GeoLocator();
  private final VirtualTime time = new VirtualTime();
  private final LatencyModel model = new LatencyModel(6, time);
  private final PlaceFilter filter = new PlaceFilter(locator, model);
  private GeoDatabaseWatch watch;
  private final Plan plan = plans().compile();

  @BeforeEach
  void database() {
    Path file =
        MmdbWriter.city()
            .city("60.0.0.0/8", "JP", 35.7, 139.7)
            .city("80.0.0.0/8", "PL", 52.2, 21.0)
            .city("2001:db8::/32", "US", 37.4, -122.1)
            .write(directory.resolve("geo.mmdb"));
    watch = new GeoDatabaseWatch(locator, () -> file);
    watch.poll();
  }

  private static Plans plans() {
    IpAddress office = IpAddress.parse("60.1.0.0");
    IpAddress room = IpAddress.parse("60.1.1.0");
    return Plans.minimal()
        .placing(
            new PlacingConfig(
                null,
                HEADER,
                List.of(
                    range(office, 16, "US", 40.7, -74.0),
                    range(room, 24, "PL", Double.NaN, Double.NaN)),
                List.of("eu", "us", "asia"),
                List.of(new PlacingConfig.Residency(Set.of("PL", "DE"), "gdpr"))));
  }

  private static PlacingConfig.Range range(
      IpAddress network, int bits, String country, double latitude, double longitude) {
    Cidr block = new Cidr(network.high(), network.low(), 96 + bits);
    return new PlacingConfig.Range(block, country, latitude, longitude);
  }

  private Exchange placed(Exchanges exchanges) {
    Exchange exchange = exchanges.live();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    return exchange;
  }

  @Test
  void theDatabaseSaysWhoIsNearToWhat() {
    Exchange exchange = placed(Exchanges.on(plan).client("60.9.9.9"));
    assertThat(exchange.place()).isEqualTo(new Place("JP", 35.7, 139.7, Place.Source.DATABASE));
    assertThat(exchange.preference()).hasToString("[asia, us, eu]");
    assertThat(placed(Exchanges.on(plan).client("80.1.1.1")).preference())
        .hasToString("[eu, asia, us]");
    assertThat(placed(Exchanges.on(plan).client("2001:db8::7")).preference())
        .hasToString("[us, asia, eu]");
  }

  @Test
  void aMappedAddressIsPlacedLikeItsIpv4Form() {
    assertThat(placed(Exchanges.on(plan).client("::ffff:60.9.9.9")).place().country())
        .isEqualTo("JP");
  }

  @Test
  void aTrustedHeaderIsStrongerThanTheDatabase() {
    Place place =
        placed(Exchanges.on(plan).client("60.9.9.9").viaTrustedHop().header(HEADER, "de")).place();
    assertThat(place.country()).isEqualTo("DE");
    assertThat(place.source()).isEqualTo(Place.Source.HEADER);
  }

  @Test
  void aHeaderFromAnybodyElseIsIgnored() {
    assertThat(placed(Exchanges.on(plan).client("60.9.9.9").header(HEADER, "DE")).place().source())
        .isEqualTo(Place.Source.DATABASE);
  }

  @Test
  void nonsenseInATrustedHeaderIsIgnored() {
    for (String nonsense : List.of("XX", "T1", "", "DEU", "DE, PL")) {
      assertThat(
              placed(Exchanges.on(plan).client("60.9.9.9").viaTrustedHop().header(HEADER, nonsense))
                  .place()
                  .country())
          .as(nonsense)
          .isEqualTo("JP");
    }
  }

  @Test
  void aHeaderThatComesTwiceIsIgnored() {
    assertThat(
            placed(
                    Exchanges.on(plan)
                        .client("60.9.9.9")
                        .viaTrustedHop()
                        .header(HEADER, "DE")
                        .header(HEADER, "PL"))
                .place()
                .country())
        .isEqualTo("JP");
  }

  @Test
  void aConfiguredRangeIsStrongerThanEverything() {
    Place place =
        placed(Exchanges.on(plan).client("60.1.9.9").viaTrustedHop().header(HEADER, "DE")).place();
    assertThat(place).isEqualTo(new Place("US", 40.7, -74.0, Place.Source.RANGE));
  }

  @Test
  void theLongestRangeWinsAndACountryIsEnough() {
    Place place = placed(Exchanges.on(plan).client("60.1.1.9")).place();
    assertThat(place.country()).isEqualTo("PL");
    assertThat(place.hasPosition()).isTrue();
  }

  @Test
  void theAnswerForOneAddressAndHeaderNeverServesAnother() {
    for (int round = 0; round < 2; round++) {
      assertThat(placed(Exchanges.on(plan).client("60.9.9.9")).place().country()).isEqualTo("JP");
      assertThat(
              placed(Exchanges.on(plan).client("60.9.9.9").viaTrustedHop().header(HEADER, "DE"))
                  .place()
                  .country())
          .isEqualTo("DE");
      assertThat(placed(Exchanges.on(plan).client("80.9.9.9")).place().country()).isEqualTo("PL");
    }
  }

  @Test
  void aClientCostsOneLookUp() {
    for (int i = 0; i < 100; i++) {
      placed(Exchanges.on(plan).client("60.9.9.9"));
    }
    assertThat(locator.lookups()).isEqualTo(1);
  }

  @Test
  void aFloodOfAddressesStillGetsTheRightAnswers() {
    for (int i = 0; i < 20_000; i++) {
      int host = i * 7919;
      String low = (host >> 16 & 0xff) + "." + (host >> 8 & 0xff) + "." + (host & 0xff);
      boolean japan = (i & 1) == 0;
      assertThat(
              placed(
                      Exchanges.on(plan)
                          .client((japan ? "60.2" : "80.2") + low.substring(low.indexOf('.'))))
                  .place()
                  .country())
          .isEqualTo(japan ? "JP" : "PL");
    }
  }

  @Test
  void aNewDatabaseAndANewPlanHoldAtOnce() {
    assertThat(placed(Exchanges.on(plan).client("60.9.9.9")).place().country()).isEqualTo("JP");
    MmdbWriter.city().country("60.0.0.0/8", "BR").write(directory.resolve("geo.mmdb"));
    watch.poll();
    assertThat(placed(Exchanges.on(plan).client("60.9.9.9")).place().country()).isEqualTo("BR");
    PlacingConfig fresh =
        new PlacingConfig(
            null,
            null,
            List.of(range(IpAddress.parse("60.0.0.0"), 8, "NG", 6.5, 3.4)),
            List.of(),
            List.of());
    assertThat(placed(Exchanges.on(plans().placing(fresh)).client("60.9.9.9")).place().country())
        .isEqualTo("NG");
  }

  @Test
  void whoIsNowhereGetsTheStaticOrder() {
    Exchange exchange = placed(Exchanges.on(plan).client("203.0.113.1"));
    assertThat(exchange.place()).isEqualTo(Place.UNKNOWN);
    assertThat(exchange.preference()).hasToString("[eu, us, asia]");
  }

  @Test
  void residencyKeepsAUserInTheRegionsOfTheRule() {
    ServiceConfig everywhere = Plans.service("wallet", null);
    Plan bound =
        plans()
            .service(RoutingAdvisorTest.residential("wallet", everywhere.regions(), true))
            .compile();
    assertThat(placed(Exchanges.on(bound).client("80.1.1.1")).preference()).hasToString("[eu]");
    assertThat(placed(Exchanges.on(bound).client("60.9.9.9")).preference()).hasSize(3);
  }

  @Test
  void whoMayBeServedNowhereIsToldWhichRuleForbidsIt() {
    Map<String, List<ServiceConfig.Endpoint>> abroad =
        Map.of("us", List.of(new ServiceConfig.Endpoint(false, "127.0.0.1", 1, 1)));
    Plan bound = plans().service(RoutingAdvisorTest.residential("wallet", abroad, true)).compile();
    for (int round = 0; round < 2; round++) {
      GatewayError error =
          Outcome.of(filter, Exchanges.on(bound).client("80.1.1.1").live()).error();
      assertThat(error.kind()).isEqualTo(GatewayError.Kind.RESIDENCY);
      assertThat(error.rule()).isEqualTo("gdpr");
      assertThat(error.detail()).isEqualTo("No region of wallet meets the data rules of PL.");
    }
  }

  private void measured(String address, String region, float millis) {
    IpAddress client = IpAddress.parse(address);
    Vantage from = new RegionMap(plan.regions()).client(client, locator.locate(client));
    for (int i = 0; i < 8; i++) {
      model.sample(
          from,
          Objects.requireNonNull(plan.region(region)).ordinal(),
          millis,
          LatencyModel.Trust.REPORTED_AGAIN);
    }
  }

  private Exchange placedLater(String client, long seconds) {
    return placed(Exchanges.on(plan).client(client).at(seconds * 1_000_000_000L));
  }

  @Test
  void whatAPrefixMeasuredIsStrongerThanTheMapOnceTheAnswerIsASecondOld() {
    assertThat(placedLater("80.1.1.1", 10).preference()).hasToString("[eu, asia, us]");
    measured("80.1.1.200", "eu", 300);
    measured("80.1.1.200", "us", 90);
    assertThat(placedLater("80.1.1.1", 10).preference()).hasToString("[eu, asia, us]");
    assertThat(placedLater("80.1.1.1", 11).preference()).hasToString("[us, asia, eu]");
    assertThat(placedLater("80.1.2.1", 11).preference()).hasToString("[eu, asia, us]");
  }

  @Test
  void aCallerStaysWhereItIsWhileThatIsAboutAsGood() {
    measured("80.1.1.1", "eu", 40);
    measured("80.1.1.1", "us", 50);
    assertThat(placedLater("80.1.1.1", 10).preference()).hasToString("[eu, us, asia]");
    measured("80.1.1.1", "us", 37);
    assertThat(placedLater("80.1.1.1", 20).preference()).hasToString("[eu, us, asia]");
    measured("80.1.1.1", "us", 20);
    assertThat(placedLater("80.1.1.1", 30).preference()).hasToString("[us, eu, asia]");
  }

  @Test
  void anAnswerThatSaysTheSameIsTheSameObject() {
    RegionPreference first = placedLater("80.1.1.1", 10).preference();
    measured("60.9.9.9", "eu", 300);
    assertThat(placedLater("80.1.1.1", 20).preference()).isSameAs(first);
  }

  @Test
  void explainingGivesNobodyARegion() {
    Exchange asked = Exchanges.on(plan).client("80.1.1.1").at(10 * 1_000_000_000L).explained();
    assertThat(Outcome.of(filter, asked).proceeded()).isTrue();
    assertThat(asked.preference()).hasToString("[eu, asia, us]");
    measured("80.1.1.1", "eu", 40);
    measured("80.1.1.1", "us", 36);
    assertThat(placedLater("80.1.1.1", 20).preference()).hasToString("[us, eu, asia]");
  }

  @Test
  void whoHasNoRegionBeginsWithTheNearestUnlessAnotherIsClearlyBetter() {
    measured("80.1.1.1", "eu", 40);
    measured("80.1.1.1", "us", 38.5f);
    assertThat(placedLater("80.1.1.1", 10).preference()).hasToString("[eu, us, asia]");
    measured("80.1.2.1", "eu", 40);
    measured("80.1.2.1", "us", 36);
    assertThat(placedLater("80.1.2.1", 10).preference()).hasToString("[us, eu, asia]");
  }

  @Test
  void explainingRemembersNobodyAndMakesNothingLookFresh() {
    explainedAt("60.9.9.9", 10);
    explainedAt("60.9.9.9", 10);
    assertThat(locator.lookups()).isEqualTo(2);
    assertThat(placedLater("80.1.1.1", 10).preference()).hasToString("[eu, asia, us]");
    measured("80.1.1.1", "us", 10);
    assertThat(explainedAt("80.1.1.1", 20).preference()).hasToString("[us, eu, asia]");
    measured("80.1.1.1", "us", 300);
    assertThat(placed(Exchanges.on(plan).client("80.1.1.1").at(20_500_000_000L)).preference())
        .hasToString("[eu, asia, us]");
  }

  private Exchange explainedAt(String client, long seconds) {
    Exchange exchange = Exchanges.on(plan).client(client).at(seconds * 1_000_000_000L).explained();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    return exchange;
  }

  @Test
  void explainingSaysWhatACallerWithARegionWillGet() {
    measured("80.1.1.1", "eu", 40);
    measured("80.1.1.1", "us", 50);
    assertThat(placedLater("80.1.1.1", 10).preference()).hasToString("[eu, us, asia]");
    measured("80.1.1.1", "us", 36);
    Exchange asked = Exchanges.on(plan).client("80.1.1.1").at(20 * 1_000_000_000L).explained();
    assertThat(Outcome.of(filter, asked).proceeded()).isTrue();
    assertThat(asked.preference()).hasToString("[eu, us, asia]");
  }

  @Test
  void checksTellTheRoundTripToARegionThatHasNoTraffic() {
    Plan standing = standingInTheUs();
    Vantage gateway =
        new RegionMap(standing.regions()).gateway(Objects.requireNonNull(standing.region("us")));
    int asia = Objects.requireNonNull(standing.region("asia")).ordinal();
    CheckedTrips checked = new CheckedTrips(() -> standing, model, time);
    checked.took("asia", 70_000_000);
    assertThat(model.explain(gateway, asia).millis()).isCloseTo(70, within(10.0));
    for (int check = 0; check < 40; check++) {
      time.advance(Duration.ofSeconds(1));
      checked.took("asia", check % 8 == 3 ? 60_000_000 : 200_000_000);
    }
    assertThat(model.ownSamples(gateway, asia)).isEqualTo(4);
    assertThat(model.explain(gateway, asia).millis()).isCloseTo(60, within(5.0));
    new CheckedTrips(() -> plan, model, time).took("eu", 5_000_000);
    assertThat(model.pairs()).isEqualTo(1);
  }

  private static Plan standingInTheUs() {
    return plans()
        .placing(
            new PlacingConfig(
                null,
                null,
                List.of(),
                List.of(),
                List.of(),
                new PlacingConfig.Latency(null, "us", PlacingConfig.NearestTo.GATEWAY)))
        .compile();
  }

  @Test
  void theShortestFirstByteOfTenSecondsIsARoundTripOfTheGateway() {
    Plan standing = standingInTheUs();
    Region eu = Objects.requireNonNull(standing.region("eu"));
    for (int second = 10; second <= 22; second += 6) {
      Exchange exchange = placed(Exchanges.on(standing).at(second * 1_000_000_000L));
      exchange.attempt(eu);
      exchange.firstByteNanos(second * 1_000_000_000L + (30 - second) * 1_000_000L);
      filter.end(exchange);
    }
    Vantage gateway =
        new RegionMap(standing.regions()).gateway(Objects.requireNonNull(standing.region("us")));
    assertThat(model.explain(gateway, eu.ordinal()))
        .satisfies(
            known -> {
              assertThat(known.samples()).isEqualTo(1);
              assertThat(known.millis()).isLessThan(30);
            });
  }

  @Test
  void aRepeatedRequestSaysNothingOfARoundTrip() {
    Plan standing = standingInTheUs();
    Region eu = Objects.requireNonNull(standing.region("eu"));
    for (int second = 10; second <= 30; second += 10) {
      Exchange exchange = placed(Exchanges.on(standing).at(second * 1_000_000_000L));
      exchange.attempt(eu);
      exchange.attempt(eu);
      exchange.firstByteNanos(second * 1_000_000_000L + 1);
      filter.end(exchange);
    }
    assertThat(model.pairs()).isZero();
  }

  @Test
  void whereTheGatewayDecidesTheCallerDoesNot() {
    Plan standing = standingInTheUs();
    assertThat(placed(Exchanges.on(standing).client("80.1.1.1")).preference())
        .hasToString("[us, asia, eu]");
  }

  @Test
  void theExplanationSaysWhoMeasuredWhat() {
    measured("80.1.1.1", "us", 20);
    Exchange exchange = Exchanges.on(plan).client("80.1.1.1").explained();
    Outcome.of(filter, exchange);
    assertThat(exchange.explanation().steps().get(1).facts().get("us").toString())
        .matches("expected \\d+ ms over \\d+ km by 8 samples of the prefix, \\d+ ms by distance");
  }

  @Test
  void aRouteWithoutAServiceIsNotPlaced() {
    RouteConfig fixed = Routes.doing(new RouteConfig.Respond(200, "text/plain", "ok")).build();
    Exchange exchange = placed(Exchanges.on(plans().route(fixed)));
    assertThat(exchange.preference()).isNull();
  }

  @Test
  void theExplanationGivesAReasonForEveryRegion() {
    Map<String, List<ServiceConfig.Endpoint>> two =
        Map.of(
            "eu", List.of(new ServiceConfig.Endpoint(false, "127.0.0.1", 1, 1)),
            "us", List.of(new ServiceConfig.Endpoint(false, "127.0.0.1", 1, 1)));
    Plan bound = plans().service(RoutingAdvisorTest.residential("wallet", two, true)).compile();
    Exchange exchange = Exchanges.on(bound).client("80.1.1.1").explained();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    List<Explanation.Step> steps = exchange.explanation().steps();
    assertThat(steps)
        .extracting(Explanation.Step::subject)
        .containsExactly("place", "region preference");
    assertThat(steps.get(0).verdict()).isEqualTo("PL");
    assertThat(steps.get(0).facts()).containsEntry("source", "database");
    assertThat(steps.get(1).verdict()).isEqualTo("[eu]");
    assertThat(steps.get(1).facts())
        .containsEntry("eu", "expected 22 ms over 517 km")
        .containsEntry("us", "residency gdpr missing")
        .containsEntry("asia", "absent");
  }
}
