package app.avalo.gateway.region;

import static app.avalo.gateway.region.Standing.IN_SERVICE;
import static app.avalo.gateway.region.Standing.OUT;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.ServiceConfig.StatusRange;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RegionProcess;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RegionsFailIT {
  private static final HealthCheck CHECK =
      new ServiceConfig.HealthCheck(
          ServiceConfig.CheckKind.HTTP,
          new ServiceConfig.CheckRequest("/health", null, Map.of()),
          new ServiceConfig.CheckAnswer(new StatusRange(200, 299), null),
          new ServiceConfig.CheckTimes(
              Duration.ofSeconds(1),
              Duration.ofSeconds(1),
              Duration.ofMillis(800),
              Duration.ofMillis(100)),
          3,
          2);

  private record Change(String region, Standing to, long nanos) {}

  private final Vertx vertx = Vertx.vertx();
  private final BlockingQueue<Change> changes = new LinkedBlockingQueue<>();
  private final TestRegion us = TestRegion.start("us");
  private final TestRegion asia = TestRegion.start("asia");
  private RegionProcess eu;
  private Plan plan;
  private HealthMonitor monitor;

  @BeforeEach
  void watchThreeRegions() throws Exception {
    eu = RegionProcess.start("eu");
    watch(eu.port());
  }

  private void watch(int euPort) throws Exception {
    plan = plan(euPort, CHECK);
    monitor = await(HealthService.deploy(vertx, plan, new UpstreamTrust(vertx)));
    monitor.onChange(
        (region, from, to, reason) -> changes.add(new Change(region, to, System.nanoTime())));
  }

  private Plan plan(int euPort, HealthCheck check) {
    return World.plan(
        Map.of("eu", List.of(euPort), "us", List.of(us.port()), "asia", List.of(asia.port())),
        check);
  }

  @AfterEach
  void stopEverything() throws Exception {
    await(vertx.close());
    eu.close();
    us.close();
    asia.close();
  }

  @Test
  void aKilledRegionIsOutWithinASecondOfTheFirstRefusedRequest() throws Exception {
    eu.kill();
    long killed = System.nanoTime();
    euEndpoint().failed(Failure.CONNECT);
    assertThat(millis(killed, until("eu", OUT))).isLessThan(1_000);
  }

  @Test
  void aStoppedRegionIsOutWithinThreeSecondsWithoutAnyTrafficAndReturns() throws Exception {
    eu.stop();
    long stopped = System.nanoTime();
    assertThat(millis(stopped, until("eu", OUT))).isLessThan(3_500);
    eu.resume();
    until("eu", IN_SERVICE);
    assertThat(monitor.standing(plan.region("eu"))).isEqualTo(IN_SERVICE);
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"NORMAL", "DELAY", "DRAINING"},
      mode = EnumSource.Mode.EXCLUDE)
  void aRegionThatMisbehavesIsOut(Mode mode) throws Exception {
    eu.mode(mode);
    until("eu", OUT);
    assertThat(monitor.standing(plan.region("us"))).isEqualTo(IN_SERVICE);
    assertThat(euStatus().endpoints().get(0).lastCheck()).doesNotStartWith("OK");
  }

  @Test
  void aReloadKeepsWhatIsKnownAboutARegion() throws Exception {
    eu.kill();
    euEndpoint().failed(Failure.CONNECT);
    until("eu", OUT);
    EndpointHealth before = euEndpoint();
    plan = plan(eu.port(), CHECK);
    await(monitor.reconfigure(plan));
    assertThat(monitor.standing(plan.region("eu"))).isEqualTo(OUT);
    assertThat(euEndpoint()).isSameAs(before);
  }

  private EndpointHealth euEndpoint() {
    var service = plan.services().get(0);
    var region = plan.region("eu");
    return monitor.endpoint(region, service, service.in(region).get(0));
  }

  private RegionStatus euStatus() throws Exception {
    return await(monitor.status()).get(0);
  }

  private long until(String region, Standing wanted) throws Exception {
    while (true) {
      Change change = changes.poll(15, TimeUnit.SECONDS);
      assertThat(change).as("%s becomes %s", region, wanted).isNotNull();
      if (change.region().equals(region) && change.to() == wanted) {
        return change.nanos();
      }
    }
  }

  private static long millis(long from, long to) {
    return (to - from) / 1_000_000;
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(15, TimeUnit.SECONDS);
  }
}
