package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.PlacingConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.RegionMap;
import app.avalo.gateway.filter.latency.Vantage;
import app.avalo.gateway.filter.time.VirtualTime;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** A place filter over a small database, and callers that pass it. */
final class PlacedCallers {
  static final String HEADER = "X-Country";

  final GeoLocator locator = new GeoLocator();
  final VirtualTime time = new VirtualTime();
  final LatencyModel model = new LatencyModel(6, time);
  final PlaceFilter filter = new PlaceFilter(locator, model);
  final GeoDatabaseWatch watch;
  final Plan plan = plans().compile();

  PlacedCallers(Path directory) {
    Path file =
        MmdbWriter.city()
            .city("60.0.0.0/8", "JP", 35.7, 139.7)
            .city("80.0.0.0/8", "PL", 52.2, 21.0)
            .city("2001:db8::/32", "US", 37.4, -122.1)
            .write(directory.resolve("geo.mmdb"));
    watch = new GeoDatabaseWatch(locator, () -> file);
    watch.poll();
  }

  static Plans plans() {
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

  static PlacingConfig.Range range(
      IpAddress network, int bits, String country, double latitude, double longitude) {
    Cidr block = new Cidr(network.high(), network.low(), 96 + bits);
    return new PlacingConfig.Range(block, country, latitude, longitude);
  }

  Exchange placed(Exchanges exchanges) {
    Exchange exchange = exchanges.live();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    return exchange;
  }

  void measured(String address, String region, float millis) {
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

  Exchange placedLater(String client, long seconds) {
    return placed(Exchanges.on(plan).client(client).at(seconds * 1_000_000_000L));
  }

  Exchange explainedAt(String client, long seconds) {
    Exchange exchange = Exchanges.on(plan).client(client).at(seconds * 1_000_000_000L).explained();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    return exchange;
  }
}
