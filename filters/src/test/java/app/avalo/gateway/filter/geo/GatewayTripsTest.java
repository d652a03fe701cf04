package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import app.avalo.gateway.config.PlacingConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.latency.CheckedTrips;
import app.avalo.gateway.filter.latency.RegionMap;
import app.avalo.gateway.filter.latency.Vantage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Round trips of the gateway itself. */
class GatewayTripsTest {
  @TempDir Path directory;
  private PlacedCallers at;

  @BeforeEach
  void database() {
    at = new PlacedCallers(directory);
  }

  @Test
  void checksTellTheRoundTripToARegionThatHasNoTraffic() {
    Plan standing = standingInTheUs();
    Vantage gateway =
        new RegionMap(standing.regions()).gateway(Objects.requireNonNull(standing.region("us")));
    int asia = Objects.requireNonNull(standing.region("asia")).ordinal();
    CheckedTrips checked = new CheckedTrips(() -> standing, at.model, at.time);
    checked.took("asia", 70_000_000);
    assertThat(at.model.explain(gateway, asia).millis()).isCloseTo(70, within(10.0));
    for (int check = 0; check < 40; check++) {
      at.time.advance(Duration.ofSeconds(1));
      checked.took("asia", check % 8 == 3 ? 60_000_000 : 200_000_000);
    }
    assertThat(at.model.ownSamples(gateway, asia)).isEqualTo(4);
    assertThat(at.model.explain(gateway, asia).millis()).isCloseTo(60, within(5.0));
    new CheckedTrips(() -> at.plan, at.model, at.time).took("eu", 5_000_000);
    assertThat(at.model.pairs()).isEqualTo(1);
  }

  private static Plan standingInTheUs() {
    return PlacedCallers.plans()
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
      Exchange exchange = at.placed(Exchanges.on(standing).at(second * 1_000_000_000L));
      exchange.attempt(eu);
      exchange.firstByteNanos(second * 1_000_000_000L + (30 - second) * 1_000_000L);
      at.filter.end(exchange);
    }
    Vantage gateway =
        new RegionMap(standing.regions()).gateway(Objects.requireNonNull(standing.region("us")));
    assertThat(at.model.explain(gateway, eu.ordinal()))
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
      Exchange exchange = at.placed(Exchanges.on(standing).at(second * 1_000_000_000L));
      exchange.attempt(eu);
      exchange.attempt(eu);
      exchange.firstByteNanos(second * 1_000_000_000L + 1);
      at.filter.end(exchange);
    }
    assertThat(at.model.pairs()).isZero();
  }

  @Test
  void whereTheGatewayDecidesTheCallerDoesNot() {
    Plan standing = standingInTheUs();
    assertThat(at.placed(Exchanges.on(standing).client("80.1.1.1")).preference())
        .hasToString("[us, asia, eu]");
  }
}
