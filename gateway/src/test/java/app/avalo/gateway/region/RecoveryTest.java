package app.avalo.gateway.region;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.region.World.Fate;
import app.avalo.gateway.region.recovery.Recovery;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecoveryTest {
  private static final Map<String, List<Integer>> PORTS =
      Map.of("eu", List.of(1), "us", List.of(2), "asia", List.of(3));

  private final World world =
      new World(
          Plans.minimal().service(promising(World.service("feed", PORTS, World.CHECK))).compile(),
          Map.of());

  /** Two seconds until the users of a lost region are served elsewhere. */
  private static ServiceConfig promising(ServiceConfig like) {
    return new ServiceConfig(
        like.name(),
        like.priority(),
        like.protocol(),
        like.regions(),
        like.upstreamTls(),
        like.health(),
        like.timeouts(),
        like.retry(),
        like.balance(),
        like.pin(),
        like.residency(),
        like.limits(),
        like.webSocket(),
        like.streams(),
        new ServiceConfig.Targets(null, null, Duration.ofSeconds(2)));
  }

  private void kill() {
    world.settle();
    world.fates.put(1, Fate.REFUSES);
    world.fail("eu", EndpointHealth.Failure.CONNECT, 1);
  }

  private Recovery only() {
    List<Recovery> all = world.monitor.recoveries().all();
    assertThat(all).hasSize(1);
    return all.get(0);
  }

  @Test
  void withoutFurtherTrafficAServiceHasRecoveredAtTheSuspicion() {
    kill();
    world.pass(Duration.ofSeconds(5));
    Recovery recovery = only();
    assertThat(recovery.service()).isEqualTo("feed");
    assertThat(recovery.region()).isEqualTo("eu");
    assertThat(recovery.over()).isTrue();
    assertThat(recovery.millis()).isLessThan(300);
    assertThat(recovery.isLate()).isFalse();
  }

  @Test
  void itLastsUntilTheLastRequestThatTheLostRegionTouched() {
    kill();
    for (int i = 0; i < 14; i++) {
      world.pass(Duration.ofMillis(100));
      world.fail("eu", EndpointHealth.Failure.CONNECT, 1);
    }
    world.pass(Duration.ofMillis(500));
    assertThat(only().over()).isFalse();
    world.pass(Duration.ofSeconds(5));
    assertThat(only().over()).isTrue();
    assertThat(only().millis()).isBetween(1_400L, 1_500L);
  }

  @Test
  void aServiceWithNoOtherRegionRecoversWhenItHasOneAndIsLate() {
    world.monitor.force("us", new RegionStatus.Forced(true, "ana", "works", null));
    world.monitor.force("asia", new RegionStatus.Forced(true, "ana", "works", null));
    kill();
    world.pass(Duration.ofSeconds(4));
    assertThat(only().over()).isFalse();
    assertThat(only().isLate()).isTrue();
    assertThat(world.monitor.recoveries().counts().get("feed").late().sum()).isOne();
    world.monitor.release("us", "ana");
    world.pass(Duration.ofSeconds(5));
    assertThat(only().over()).isTrue();
    assertThat(only().millis()).isBetween(3_900L, 4_300L);
    assertThat(world.monitor.recoveries().counts().get("feed").late().sum()).isOne();
    assertThat(world.monitor.recoveries().counts().get("feed").inTime().sum()).isZero();
  }

  @Test
  void whatAnOperatorTakesOutIsNoIncident() {
    world.settle();
    world.monitor.force("eu", new RegionStatus.Forced(true, "ana", "works", null));
    world.pass(Duration.ofSeconds(10));
    assertThat(world.monitor.recoveries().all()).isEmpty();
  }

  @Test
  void aServiceThatLosesItsEndpointsInARegionThatStaysIsAnIncidentOfItsOwn() {
    Map<String, List<Integer>> others =
        Map.of("eu", List.of(11, 12), "us", List.of(21), "asia", List.of(31));
    ServiceConfig chat =
        World.service(
            "chat", PORTS, World.CHECK, new ServiceConfig.Pin("chat", ServiceConfig.Contract.MOVE));
    world.plan =
        Plans.minimal()
            .service(promising(World.service("feed", PORTS, World.CHECK)))
            .service(World.service("wallet", others, World.CHECK))
            .service(chat)
            .compile();
    world.monitor.reconfigure(world.plan);
    kill();
    world.pass(Duration.ofSeconds(2));
    assertThat(world.standing("eu")).isEqualTo(Standing.IN_SERVICE);
    assertThat(world.monitor.recoveries().all())
        .extracting(Recovery::service, Recovery::region, Recovery::over)
        .containsExactlyInAnyOrder(tuple("feed", "eu", false), tuple("chat", "eu", false));
    world.pass(Duration.ofSeconds(5));
    assertThat(world.monitor.recoveries().all())
        .allMatch(recovery -> recovery.over() && recovery.millis() < 1_000);
    assertThat(world.monitor.recoveries().counts()).containsOnlyKeys("feed", "chat");
  }

  @Test
  void itIsOverWhenAnEndpointIsBackEvenIfNobodyElseServesIt() {
    world.plan =
        Plans.minimal()
            .service(promising(World.service("feed", Map.of("eu", List.of(1)), World.CHECK)))
            .service(
                World.service("wallet", Map.of("eu", List.of(11), "us", List.of(2)), World.CHECK))
            .compile();
    world.monitor.reconfigure(world.plan);
    kill();
    world.pass(Duration.ofSeconds(10));
    assertThat(world.standing("eu")).isEqualTo(Standing.IN_SERVICE);
    assertThat(only().over()).isFalse();
    assertThat(only().isLate()).isTrue();
    world.fates.put(1, Fate.WELL);
    world.pass(Duration.ofSeconds(10));
    assertThat(only().over()).isTrue();
  }

  @Test
  void aServiceThatHasAnotherEndpointInTheRegionIsNotLost() {
    Map<String, List<Integer>> two = Map.of("eu", List.of(1, 12), "us", List.of(2));
    world.plan =
        Plans.minimal().service(promising(World.service("feed", two, World.CHECK))).compile();
    world.monitor.reconfigure(world.plan);
    kill();
    world.pass(Duration.ofSeconds(5));
    assertThat(world.endpoint("eu", 0).standing()).isEqualTo(Standing.OUT);
    assertThat(world.monitor.recoveries().all()).isEmpty();
  }

  @Test
  void usersWhoAreBoundToTheRegionHaveNotRecoveredBeforeItIsConvicted() {
    ServiceConfig.Pin pin = new ServiceConfig.Pin("chat", ServiceConfig.Contract.MOVE);
    world.plan =
        Plans.minimal()
            .service(World.service("feed", PORTS, World.CHECK))
            .service(World.service("chat", PORTS, World.CHECK, pin))
            .compile();
    world.monitor.reconfigure(world.plan);
    world.settle();
    world.fates.put(1, Fate.SILENT);
    world.fail("eu", EndpointHealth.Failure.TIMEOUT, 1);
    long verdict = world.millisUntil("eu", Standing.OUT);
    world.pass(Duration.ofSeconds(5));
    assertThat(world.monitor.recoveries().all())
        .extracting(Recovery::service, recovery -> recovery.millis() >= verdict)
        .containsExactlyInAnyOrder(tuple("feed", false), tuple("chat", true));
  }
}
