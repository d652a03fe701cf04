package app.avalo.gateway.region;

import static app.avalo.gateway.region.Standing.IN_SERVICE;
import static app.avalo.gateway.region.Standing.OUT;
import static app.avalo.gateway.region.Standing.SUSPECT;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.CheckTimes;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.region.World.Fate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Regions that are asked as a whole on ports 101, 102 and 103, beside their endpoints. */
class RegionCheckTest {
  private static final int EU = 101;
  private static final int US = 102;
  private static final CheckTimes HEARTBEAT =
      new CheckTimes(
          World.CHECK.times().interval(),
          Duration.ofMillis(500),
          World.CHECK.times().timeout(),
          World.CHECK.times().burstInterval());
  private static final Map<String, List<Integer>> PORTS =
      Map.of("eu", List.of(1), "us", List.of(2), "asia", List.of(3));

  private final World world = new World(plan(World.service("feed", PORTS, World.CHECK)), Map.of());

  private static Plan plan(ServiceConfig service) {
    return Plans.minimal()
        .region(region("eu", 0, EU))
        .region(region("us", 1, US))
        .region(region("asia", 2, 103))
        .service(service)
        .compile();
  }

  private static RegionConfig region(String name, int index, int port) {
    RegionConfig.Check check =
        new RegionConfig.Check(
            Protocol.HTTP1,
            new Endpoint(false, "127.0.0.1", port, 1),
            Plans.service("feed", null).upstreamTls(),
            World.CHECK.at(HEARTBEAT));
    return new RegionConfig(name, index, name, 0, 0, Set.of(), 0.5, check);
  }

  @BeforeEach
  void settle() {
    world.settle();
  }

  @Test
  void aRegionWhoseCheckFailsIsOutAlthoughItsEndpointsAnswer() {
    world.fates.put(EU, Fate.WRONG_STATUS);
    assertThat(world.millisUntil("eu", OUT)).isBetween(0L, 13_000L);
    assertThat(world.endpoint("eu").standing()).isEqualTo(IN_SERVICE);
    assertThat(world.changes).containsExactly("eu IN_SERVICE -> SUSPECT", "eu SUSPECT -> OUT");
    RegionStatus status = world.status("eu");
    assertThat(status.check().state()).isEqualTo("CONVICTED");
    assertThat(status.check().url()).isEqualTo("http://127.0.0.1:101");
    assertThat(status.endpoints()).extracting(e -> e.url()).containsExactly("http://127.0.0.1:1");
    assertThat(status.reason()).isEqualTo("http://127.0.0.1:101: check: WRONG_STATUS");
    world.pass(Duration.ofSeconds(1));
    assertThat(world.monitor.recoveries().all()).hasSize(1);
  }

  @Test
  void itComesBackAfterTheHoldDownWithAFewOfItsCallers() {
    world.fates.put(EU, Fate.REFUSES);
    world.millisUntil("eu", OUT);
    world.fates.put(EU, Fate.WELL);
    assertThat(world.millisUntil("eu", IN_SERVICE)).isBetween(4_000L, 7_000L);
    assertThat(world.share("eu")).isEqualTo(64);
  }

  @Test
  void oneMissedCheckSuspectsTheRegionUntilTheNextOne() {
    world.fates.put(EU, Fate.WRONG_STATUS);
    world.millisUntil("eu", SUSPECT);
    world.fates.put(EU, Fate.WELL);
    assertThat(world.millisUntil("eu", IN_SERVICE)).isLessThan(500);
    assertThat(world.share("eu")).isEqualTo(1024);
  }

  @Test
  void thePanicRuleHoldsForChecksOfRegionsToo() {
    world.fates.put(EU, Fate.REFUSES);
    world.fates.put(US, Fate.REFUSES);
    world.pass(Duration.ofMinutes(3));
    assertThat(List.of(world.standing("eu"), world.standing("us")))
        .containsExactlyInAnyOrder(OUT, SUSPECT);
    assertThat(world.monitor.panic()).isTrue();
  }

  @Test
  void wherePartsOfTheWorldAreSilentAtOnceThisGatewayDoubtsItself() {
    world.fates.put(EU, Fate.SILENT);
    world.fates.put(US, Fate.SILENT);
    world.pass(Duration.ofMinutes(1));
    assertThat(world.monitor.inDoubt()).isTrue();
    assertThat(world.changes).doesNotContain("eu SUSPECT -> OUT", "us SUSPECT -> OUT");
  }

  @Test
  void aCheckOfAnEndpointsOwnAddressIsNotJudgedByItsTraffic() {
    world.plan =
        Plans.minimal()
            .region(region("eu", 0, 1))
            .service(World.service("feed", Map.of("eu", List.of(1, 11, 12)), World.CHECK))
            .compile();
    world.monitor.reconfigure(world.plan);
    world.settle();
    world.fail("eu", Failure.CONNECT, 1);
    assertThat(world.endpoint("eu").standing()).isEqualTo(SUSPECT);
    assertThat(world.status("eu").check().standing()).isEqualTo(IN_SERVICE);
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
  }

  @Test
  void aReloadWithoutTheCheckEndsWhatItHeld() {
    world.fates.put(EU, Fate.REFUSES);
    world.millisUntil("eu", OUT);
    world.plan = World.plan(PORTS, World.CHECK);
    world.monitor.reconfigure(world.plan);
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    assertThat(world.status("eu").check()).isNull();
    assertThat(world.status("eu").reason()).isEqualTo("enough endpoints answer");
  }

  @Test
  void aRegionThatUsersAreBoundToIsCheckedAtTheirHeartbeat() {
    int before = world.checks.get(EU);
    world.pass(Duration.ofSeconds(100));
    int unbound = world.checks.get(EU) - before;
    ServiceConfig.Pin pin = new ServiceConfig.Pin("chat", ServiceConfig.Contract.MOVE);
    world.plan = plan(World.service("chat", PORTS, World.CHECK, pin));
    world.monitor.reconfigure(world.plan);
    before = world.checks.get(EU);
    world.pass(Duration.ofSeconds(100));
    assertThat(unbound).isBetween(8, 13);
    assertThat(world.checks.get(EU) - before).isBetween(150, 250);
  }
}
