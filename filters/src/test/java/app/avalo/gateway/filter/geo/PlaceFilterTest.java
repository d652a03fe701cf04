package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.PlacingConfig;
import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlaceFilterTest {
  @TempDir Path directory;
  private PlacedCallers at;

  @BeforeEach
  void database() {
    at = new PlacedCallers(directory);
  }

  @Test
  void theDatabaseSaysWhoIsNearToWhat() {
    Exchange exchange = at.placed(Exchanges.on(at.plan).client("60.9.9.9"));
    assertThat(exchange.place()).isEqualTo(new Place("JP", 35.7, 139.7, Place.Source.DATABASE));
    assertThat(exchange.preference()).hasToString("[asia, us, eu]");
    assertThat(at.placed(Exchanges.on(at.plan).client("80.1.1.1")).preference())
        .hasToString("[eu, asia, us]");
    assertThat(at.placed(Exchanges.on(at.plan).client("2001:db8::7")).preference())
        .hasToString("[us, asia, eu]");
  }

  @Test
  void aMappedAddressIsPlacedLikeItsIpv4Form() {
    assertThat(at.placed(Exchanges.on(at.plan).client("::ffff:60.9.9.9")).place().country())
        .isEqualTo("JP");
  }

  @Test
  void aTrustedHeaderIsStrongerThanTheDatabase() {
    Place place =
        at.placed(
                Exchanges.on(at.plan)
                    .client("60.9.9.9")
                    .viaTrustedHop()
                    .header(PlacedCallers.HEADER, "de"))
            .place();
    assertThat(place.country()).isEqualTo("DE");
    assertThat(place.source()).isEqualTo(Place.Source.HEADER);
  }

  @Test
  void aHeaderFromAnybodyElseIsIgnored() {
    assertThat(
            at.placed(Exchanges.on(at.plan).client("60.9.9.9").header(PlacedCallers.HEADER, "DE"))
                .place()
                .source())
        .isEqualTo(Place.Source.DATABASE);
  }

  @Test
  void nonsenseInATrustedHeaderIsIgnored() {
    for (String nonsense : List.of("XX", "T1", "", "DEU", "DE, PL")) {
      assertThat(
              at.placed(
                      Exchanges.on(at.plan)
                          .client("60.9.9.9")
                          .viaTrustedHop()
                          .header(PlacedCallers.HEADER, nonsense))
                  .place()
                  .country())
          .as(nonsense)
          .isEqualTo("JP");
    }
  }

  @Test
  void aHeaderThatComesTwiceIsIgnored() {
    assertThat(
            at.placed(
                    Exchanges.on(at.plan)
                        .client("60.9.9.9")
                        .viaTrustedHop()
                        .header(PlacedCallers.HEADER, "DE")
                        .header(PlacedCallers.HEADER, "PL"))
                .place()
                .country())
        .isEqualTo("JP");
  }

  @Test
  void aConfiguredRangeIsStrongerThanEverything() {
    Place place =
        at.placed(
                Exchanges.on(at.plan)
                    .client("60.1.9.9")
                    .viaTrustedHop()
                    .header(PlacedCallers.HEADER, "DE"))
            .place();
    assertThat(place).isEqualTo(new Place("US", 40.7, -74.0, Place.Source.RANGE));
  }

  @Test
  void theLongestRangeWinsAndACountryIsEnough() {
    Place place = at.placed(Exchanges.on(at.plan).client("60.1.1.9")).place();
    assertThat(place.country()).isEqualTo("PL");
    assertThat(place.hasPosition()).isTrue();
  }

  @Test
  void theAnswerForOneAddressAndHeaderNeverServesAnother() {
    for (int round = 0; round < 2; round++) {
      assertThat(at.placed(Exchanges.on(at.plan).client("60.9.9.9")).place().country())
          .isEqualTo("JP");
      assertThat(
              at.placed(
                      Exchanges.on(at.plan)
                          .client("60.9.9.9")
                          .viaTrustedHop()
                          .header(PlacedCallers.HEADER, "DE"))
                  .place()
                  .country())
          .isEqualTo("DE");
      assertThat(at.placed(Exchanges.on(at.plan).client("80.9.9.9")).place().country())
          .isEqualTo("PL");
    }
  }

  @Test
  void aClientCostsOneLookUp() {
    for (int i = 0; i < 100; i++) {
      at.placed(Exchanges.on(at.plan).client("60.9.9.9"));
    }
    assertThat(at.locator.lookups()).isEqualTo(1);
  }

  @Test
  void aFloodOfAddressesStillGetsTheRightAnswers() {
    for (int i = 0; i < 20_000; i++) {
      int host = i * 7919;
      String low = (host >> 16 & 0xff) + "." + (host >> 8 & 0xff) + "." + (host & 0xff);
      boolean japan = (i & 1) == 0;
      assertThat(
              at.placed(
                      Exchanges.on(at.plan)
                          .client((japan ? "60.2" : "80.2") + low.substring(low.indexOf('.'))))
                  .place()
                  .country())
          .isEqualTo(japan ? "JP" : "PL");
    }
  }

  @Test
  void aNewDatabaseAndANewPlanHoldAtOnce() {
    assertThat(at.placed(Exchanges.on(at.plan).client("60.9.9.9")).place().country())
        .isEqualTo("JP");
    MmdbWriter.city().country("60.0.0.0/8", "BR").write(directory.resolve("geo.mmdb"));
    at.watch.poll();
    assertThat(at.placed(Exchanges.on(at.plan).client("60.9.9.9")).place().country())
        .isEqualTo("BR");
    PlacingConfig fresh =
        new PlacingConfig(
            null,
            null,
            List.of(PlacedCallers.range(IpAddress.parse("60.0.0.0"), 8, "NG", 6.5, 3.4)),
            List.of(),
            List.of());
    assertThat(
            at.placed(Exchanges.on(PlacedCallers.plans().placing(fresh)).client("60.9.9.9"))
                .place()
                .country())
        .isEqualTo("NG");
  }

  @Test
  void whoIsNowhereGetsTheStaticOrder() {
    Exchange exchange = at.placed(Exchanges.on(at.plan).client("203.0.113.1"));
    assertThat(exchange.place()).isEqualTo(Place.UNKNOWN);
    assertThat(exchange.preference()).hasToString("[eu, us, asia]");
  }

  @Test
  void residencyKeepsAUserInTheRegionsOfTheRule() {
    ServiceConfig everywhere = Plans.service("wallet", null);
    Plan bound =
        PlacedCallers.plans()
            .service(RoutingAdvisorTest.residential("wallet", everywhere.regions(), true))
            .compile();
    assertThat(at.placed(Exchanges.on(bound).client("80.1.1.1")).preference()).hasToString("[eu]");
    assertThat(at.placed(Exchanges.on(bound).client("60.9.9.9")).preference()).hasSize(3);
  }

  @Test
  void whoMayBeServedNowhereIsToldWhichRuleForbidsIt() {
    Map<String, List<ServiceConfig.Endpoint>> abroad =
        Map.of("us", List.of(new ServiceConfig.Endpoint(false, "127.0.0.1", 1, 1)));
    Plan bound =
        PlacedCallers.plans()
            .service(RoutingAdvisorTest.residential("wallet", abroad, true))
            .compile();
    for (int round = 0; round < 2; round++) {
      GatewayError error =
          Outcome.of(at.filter, Exchanges.on(bound).client("80.1.1.1").live()).error();
      assertThat(error.kind()).isEqualTo(GatewayError.Kind.RESIDENCY);
      assertThat(error.rule()).isEqualTo("gdpr");
      assertThat(error.detail()).isEqualTo("No region of wallet meets the data rules of PL.");
    }
  }

  @Test
  void aRouteWithoutAServiceIsNotPlaced() {
    RouteConfig fixed = Routes.doing(new RouteConfig.Respond(200, "text/plain", "ok")).build();
    Exchange exchange = at.placed(Exchanges.on(PlacedCallers.plans().route(fixed)));
    assertThat(exchange.preference()).isNull();
  }

  @Test
  void theExplanationGivesAReasonForEveryRegion() {
    Map<String, List<ServiceConfig.Endpoint>> two =
        Map.of(
            "eu", List.of(new ServiceConfig.Endpoint(false, "127.0.0.1", 1, 1)),
            "us", List.of(new ServiceConfig.Endpoint(false, "127.0.0.1", 1, 1)));
    Plan bound =
        PlacedCallers.plans()
            .service(RoutingAdvisorTest.residential("wallet", two, true))
            .compile();
    Exchange exchange = Exchanges.on(bound).client("80.1.1.1").explained();
    assertThat(Outcome.of(at.filter, exchange).proceeded()).isTrue();
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
