package app.avalo.gateway.observe.source;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.Streams;
import app.avalo.gateway.config.ServiceConfig.WebSocket;
import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.geo.GeoDatabaseWatch;
import app.avalo.gateway.filter.geo.GeoLocator;
import app.avalo.gateway.filter.limit.Limits;
import app.avalo.gateway.filter.limit.open.Ceilings;
import app.avalo.gateway.filter.pin.PinCounters;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.observe.MetricSources;
import app.avalo.gateway.observe.MetricsPage;
import app.avalo.gateway.observe.RequestMetrics;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.region.recovery.Recoveries;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartSourcesTest {
  private final MetricSources sources = new MetricSources();
  private final PartSources parts = new PartSources(sources);

  private String text() {
    try (MetricsPage page = new MetricsPage(new RequestMetrics(), sources)) {
      return page.render(null).body().toString();
    }
  }

  @Test
  void redisIsUpWhenAllLinksAreAndAbsentWithoutLinks() {
    parts.redis(List::of);
    assertThat(text()).doesNotContain("gateway_redis_up 0").doesNotContain("gateway_redis_up 1");
    parts.redis(
        () ->
            List.of(new RedisLink.Stats(true, 0, 1, 2, 3), new RedisLink.Stats(false, 0, 1, 0, 0)));
    assertThat(text())
        .contains("gateway_redis_up 0.0")
        .contains("gateway_redis_failures_total{kind=\"timeout\"} 2.0");
  }

  @Test
  void everyCountedEventOfPinsHasASeriesFromTheStart() {
    parts.pins(new PinCounters());
    assertThat(text()).contains("gateway_pin_events_total{event=\"moved\"} 0.0");
  }

  @Test
  void whatIsOpenIsShownByService() {
    Ceilings ceilings = new Ceilings();
    Duration second = Duration.ofSeconds(1);
    ceilings.streams().tryAcquire("feed", null, new Streams(10, 10));
    ceilings
        .webSockets()
        .tryAcquire("chat", null, new WebSocket(10, 10, new Rate(1, second), null, 0, second), 0);
    parts.limits(new Limits(new VirtualTime(), 1), ceilings);
    assertThat(text())
        .contains("gateway_websocket_connections{service=\"chat\"} 1.0")
        .contains("gateway_streams{service=\"feed\"} 1.0");
  }

  @Test
  void aGeoipFileThatIsMissingShows() {
    GeoLocator locator = new GeoLocator();
    GeoDatabaseWatch places = new GeoDatabaseWatch(locator, () -> null);
    GeoDatabaseWatch networks =
        GeoDatabaseWatch.ofNetworks(locator, () -> Path.of("/nowhere.mmdb"));
    places.poll();
    networks.poll();
    parts.geo(places, networks);
    assertThat(text())
        .contains("gateway_geo_database_loaded{database=\"networks\"} 0.0")
        .contains("gateway_geo_database_last_load_successful{database=\"places\"} 1.0")
        .contains("gateway_geo_database_last_load_successful{database=\"networks\"} 0.0");
  }

  @Test
  void regionsShowTheirStanding() {
    parts.regions(new AsiaIsOut(), Plans.minimal()::compile);
    assertThat(text())
        .contains("gateway_region_standing{region=\"eu\"} 2.0")
        .contains("gateway_region_standing{region=\"asia\"} 0.0")
        .contains("gateway_region_panic 0.0");
  }

  @Test
  void theBuildIsNamed() {
    parts.build("1.2.3");
    assertThat(text()).contains("version=\"1.2.3\"");
  }

  @Test
  void aRecoveryShowsWhatItTookAndThatItWasLate() {
    VirtualTime time = new VirtualTime();
    Recoveries recoveries = new Recoveries(time, new LeftAfterTwoSeconds());
    recoveries.began(new Recoveries.Loss("chat", "eu", 0, 100, Duration.ofSeconds(1)));
    time.advance(Duration.ofSeconds(6));
    recoveries.tick();
    parts.recoveries(recoveries, () -> Plans.minimal().compile());
    assertThat(text())
        .contains("gateway_recovery_seconds{region=\"eu\",service=\"chat\"} 2.0")
        .contains("gateway_recoveries_total{result=\"late\",service=\"chat\"} 1.0")
        .contains("gateway_recoveries_total{result=\"in_time\",service=\"chat\"} 0.0")
        .contains("gateway_recoveries_total{result=\"late\",service=\"feed\"} 0.0");
  }

  private static final class LeftAfterTwoSeconds implements Recoveries.Scene {
    @Override
    public long touchedNanos(String service, String region) {
      return Duration.ofSeconds(2).toNanos();
    }

    @Override
    public boolean isServedElsewhere(String service, String region) {
      return true;
    }

    @Override
    public boolean isBack(String service, String region) {
      return false;
    }
  }

  private static final class AsiaIsOut implements Health {
    @Override
    public Standing standing(app.avalo.gateway.config.plan.Region region) {
      return region.name().equals("asia") ? Standing.OUT : Standing.IN_SERVICE;
    }

    @Override
    public EndpointHealth endpoint(
        app.avalo.gateway.config.plan.Region region,
        app.avalo.gateway.config.plan.Service service,
        app.avalo.gateway.config.ServiceConfig.Endpoint endpoint) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void onChange(ChangeListener listener) {}

    @Override
    public boolean panic() {
      return false;
    }

    @Override
    public boolean probedOnce() {
      return true;
    }
  }
}
