package app.avalo.gateway.region;

import static app.avalo.gateway.region.Standing.IN_SERVICE;
import static app.avalo.gateway.region.Standing.OUT;
import static app.avalo.gateway.region.Standing.SUSPECT;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.CheckTimes;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.World.Fate;
import app.avalo.gateway.region.evidence.PanicRule;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RegionStandingTest {
  private static final Forced OUT_BY_ANA = new Forced(true, "ana", "maintenance", null);
  private final World world = new World();

  private void lose(World world, String region, int port) {
    world.fates.put(port, Fate.REFUSES);
    world.fail(region, Failure.CONNECT, 1);
    world.passMillis(500);
  }

  @Test
  void ofThreeRegionsOnlyOneIsEvicted() {
    world.settle();
    lose(world, "eu", 1);
    lose(world, "us", 2);
    world.pass(Duration.ofMinutes(3));
    assertThat(world.standing("eu")).isEqualTo(OUT);
    assertThat(world.standing("us")).isEqualTo(SUSPECT);
    assertThat(world.monitor.panic()).isTrue();
    assertThat(world.status("us").evictionRefused()).isTrue();
    assertThat(world.status("us").observed()).isEqualTo(OUT);
    assertThat(List.of(world.isLost("eu"), world.isLost("us"), world.isLost("asia")))
        .as("whoever is bound there hears of both")
        .containsExactly(true, true, false);
    world.fates.put(1, Fate.WELL);
    world.pass(Duration.ofSeconds(10));
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    assertThat(world.standing("us")).as("now it may go").isEqualTo(OUT);
    assertThat(world.monitor.panic()).isFalse();
  }

  @Test
  void theOnlyRegionIsNeverEvicted() {
    PanicRule rule = new PanicRule();
    assertThat(rule.evict("eu", 1, 0, 0)).isFalse();
    assertThat(rule.evict("eu", 2, 1, 0)).isTrue();
  }

  @Test
  void aSecondRegionIsEvictedOnlyAfterAMinute() {
    PanicRule rule = new PanicRule();
    assertThat(rule.evict("eu", 6, 5, 0)).isTrue();
    assertThat(rule.evict("us", 6, 4, Duration.ofSeconds(59).toNanos())).isFalse();
    assertThat(rule.evict("eu", 6, 4, Duration.ofSeconds(59).toNanos())).isTrue();
    assertThat(rule.evict("us", 6, 4, Duration.ofSeconds(119).toNanos())).isTrue();
  }

  @Test
  void anOrderOutweighsWhatIsObservedAndIsKeptApart() {
    world.settle();
    world.monitor.force("eu", OUT_BY_ANA);
    assertThat(world.standing("eu")).isEqualTo(OUT);
    assertThat(world.status("eu").observed()).isEqualTo(IN_SERVICE);
    assertThat(world.status("eu").forced()).isEqualTo(OUT_BY_ANA);
    assertThat(world.kept).containsOnlyKeys("eu");
    world.monitor.release("eu", "bob");
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    assertThat(world.kept).isEmpty();
    assertThat(world.status("eu").incidents())
        .extracting(RegionStatus.Incident::reason)
        .containsExactly("forced by ana: maintenance", "released by bob");
  }

  @Test
  void operatorsMayForceOutEveryRegion() {
    for (String region : List.of("eu", "us", "asia")) {
      world.monitor.force(region, OUT_BY_ANA);
      assertThat(world.standing(region)).isEqualTo(OUT);
    }
  }

  @Test
  void aRegionForcedInServesWhateverItsChecksSay() {
    world.settle();
    world.monitor.force("eu", new Forced(false, "ana", "the check is wrong", null));
    lose(world, "eu", 1);
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    assertThat(world.endpoint("eu").standing()).isEqualTo(OUT);
  }

  @Test
  void anOrderEndsAtItsTime() {
    long until = world.time.epochMillis() + 60_000;
    world.monitor.force("eu", new Forced(true, "ana", "upgrade", until));
    assertThat(world.millisUntil("eu", IN_SERVICE)).isBetween(59_700L, 60_300L);
    assertThat(world.kept).isEmpty();
  }

  @Test
  void anOrderForAnUnknownRegionIsRefused() {
    assertThat(world.monitor.force("mars", OUT_BY_ANA).cause())
        .hasMessageContaining("region: mars (expected one of");
  }

  @Test
  void ordersAndVerdictsSurviveAReload() {
    world.settle();
    lose(world, "eu", 1);
    world.monitor.force("us", OUT_BY_ANA);
    EndpointHealth before = world.endpoint("eu");
    reload(World.plan(Map.of("eu", List.of(1), "us", List.of(2), "asia", List.of(4)), World.CHECK));
    assertThat(world.endpoint("eu")).isSameAs(before);
    assertThat(world.standing("eu")).isEqualTo(OUT);
    assertThat(world.standing("us")).isEqualTo(OUT);
    world.checks.clear();
    world.pass(Duration.ofSeconds(30));
    assertThat(world.checks).containsKeys(1, 2, 4).doesNotContainKey(3);
  }

  @Test
  void anotherCheckOfALostAddressDoesNotBringItBack() {
    world.settle();
    lose(world, "eu", 1);
    HealthCheck c = World.CHECK;
    HealthCheck other = World.check("/alive", c.times());
    reload(World.plan(Map.of("eu", List.of(1), "us", List.of(2), "asia", List.of(3)), other));
    assertThat(world.standing("eu")).isEqualTo(OUT);
    assertThat(world.standing("us")).isEqualTo(IN_SERVICE);
    world.fates.put(1, Fate.WELL);
    assertThat(world.millisUntil("eu", IN_SERVICE)).isBetween(5_000L, 6_200L);
  }

  private void reload(Plan plan) {
    world.plan = plan;
    world.monitor.reconfigure(plan);
  }

  @Test
  void aShorterIntervalCountsFromTheReload() {
    world.settle();
    HealthCheck c = World.CHECK;
    HealthCheck often =
        c.at(
            new CheckTimes(
                Duration.ofMillis(500),
                c.times().heartbeat(),
                c.times().timeout(),
                c.times().burstInterval()));
    reload(World.plan(Map.of("eu", List.of(1), "us", List.of(2), "asia", List.of(3)), often));
    world.fates.put(1, Fate.REFUSES);
    assertThat(world.millisUntil("eu", OUT)).isBetween(200L, 1_000L);
  }

  @Test
  void aRegionNeedsItsShareOfEndpoints() {
    World four =
        new World(
            World.plan(
                Map.of("eu", List.of(1, 4, 5, 6), "us", List.of(2), "asia", List.of(3)),
                World.CHECK),
            Map.of());
    four.settle();
    for (int i = 0; i < 2; i++) {
      four.fates.put(List.of(1, 4).get(i), Fate.REFUSES);
      four.endpoint("eu", i).failed(Failure.CONNECT);
    }
    four.passMillis(500);
    assertThat(four.standing("eu")).as("half is enough").isEqualTo(IN_SERVICE);
    four.fates.put(5, Fate.REFUSES);
    four.endpoint("eu", 2).failed(Failure.CONNECT);
    assertThat(four.standing("eu")).as("depends on a suspect").isEqualTo(SUSPECT);
    four.passMillis(500);
    assertThat(four.standing("eu")).isEqualTo(OUT);
  }

  @Test
  void servicesThatCheckAnAddressAlikeShareItOthersDoNot() {
    HealthCheck c = World.CHECK;
    HealthCheck other = World.check("/other", c.times());
    Map<String, List<Integer>> ports = Map.of("eu", List.of(1));
    Plan plan =
        Plans.minimal()
            .service(World.service("a", ports, c))
            .service(World.service("b", ports, c))
            .service(World.service("c", ports, other))
            .compile();
    World shared = new World(plan, Map.of());
    var eu = plan.region("eu");
    var all =
        plan.services().stream().map(s -> shared.monitor.endpoint(eu, s, s.in(eu).get(0))).toList();
    assertThat(all.get(0)).isSameAs(all.get(1)).isNotSameAs(all.get(2));
    shared.passMillis(150);
    assertThat(shared.checks).containsEntry(1, 2);
  }

  @Test
  void onlyTheLastFiftyIncidentsAreKept() {
    world.settle();
    for (int i = 0; i < 40; i++) {
      world.monitor.force("eu", OUT_BY_ANA);
      world.monitor.release("eu", "ana");
    }
    assertThat(world.status("eu").incidents()).hasSize(RegionState.INCIDENTS);
  }

  @Test
  void ordersOfAnEarlierLifeStillHold() {
    World again = new World(world.plan, Map.of("eu", OUT_BY_ANA));
    assertThat(again.standing("eu")).isEqualTo(OUT);
  }

  @Test
  void nothingRunsAfterClose() {
    world.settle();
    world.monitor.close();
    world.checks.clear();
    world.pass(Duration.ofMinutes(1));
    assertThat(world.checks).isEmpty();
  }
}
