package app.avalo.gateway.region;

import static app.avalo.gateway.region.EndpointHealth.Failure.CONNECT;
import static app.avalo.gateway.region.EndpointHealth.Failure.TIMEOUT;
import static app.avalo.gateway.region.Standing.DRAINING;
import static app.avalo.gateway.region.Standing.IN_SERVICE;
import static app.avalo.gateway.region.Standing.OUT;
import static app.avalo.gateway.region.Standing.SUSPECT;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.World.Fate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Endpoints that ask to be left alone, by their check or by their answers. */
class AnnouncedDrainTest {
  private final World world = new World();

  private void asks(int times, int seconds) {
    for (int i = 0; i < times; i++) {
      world.endpoint("eu").spare(seconds);
    }
  }

  @Test
  void a_check_that_asks_drains_without_suspicion_burst_or_conviction() {
    world.settle();
    world.fates.put(1, Fate.LEAVES);
    assertThat(world.millisUntil("eu", DRAINING)).isBetween(0L, 12_100L);
    int checks = world.checks.get(1);

    world.pass(Duration.ofMinutes(2));

    assertThat(world.changes).containsExactly("eu IN_SERVICE -> DRAINING");
    assertThat(world.checks.get(1) - checks).as("one a second").isBetween(118, 122);
    RegionStatus.EndpointStatus endpoint = world.status("eu").endpoints().get(0);
    assertThat(endpoint.convictions() + endpoint.ejections()).isZero();
    assertThat(endpoint.state()).isEqualTo("HEALTHY");
    assertThat(world.endpoint("eu").isLeaving()).isTrue();
    assertThat(world.status("eu").reason()).contains("check: LEAVES");
    assertThat(world.monitor.recoveries().all()).isEmpty();
  }

  @Test
  void one_that_asks_no_longer_is_back_at_once_and_for_all() {
    world.settle();
    world.fates.put(1, Fate.LEAVES);
    world.millisUntil("eu", DRAINING);

    world.fates.put(1, Fate.WELL);

    assertThat(world.millisUntil("eu", IN_SERVICE)).isBetween(0L, 1_100L);
    assertThat(world.share("eu")).isEqualTo(1024);
  }

  @Test
  void one_that_is_gone_after_its_drain_is_out_after_two_refusals() {
    world.settle();
    world.fates.put(1, Fate.LEAVES);
    world.millisUntil("eu", DRAINING);

    world.fates.put(1, Fate.REFUSES);

    assertThat(world.millisUntil("eu", OUT)).isBetween(200L, 1_300L);
  }

  @Test
  void a_suspect_that_asks_is_no_suspect() {
    world.settle();
    world.fates.put(1, Fate.LEAVES);
    world.fail("eu", TIMEOUT, 1);
    assertThat(world.standing("eu")).isEqualTo(SUSPECT);

    world.passMillis(5);

    assertThat(world.standing("eu")).isEqualTo(DRAINING);
  }

  @Test
  void a_refused_request_suspects_one_that_drains_at_once() {
    world.settle();
    world.fates.put(1, Fate.LEAVES);
    world.millisUntil("eu", DRAINING);

    world.fail("eu", CONNECT, 1);

    assertThat(world.endpoint("eu").standing()).isEqualTo(SUSPECT);
  }

  @Test
  void five_answers_in_a_row_that_ask_drain_for_so_long_as_they_say() {
    world.settle();
    asks(4, 10);
    world.endpoint("eu").succeeded();
    asks(4, 10);
    world.passMillis(300);
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);

    asks(1, 10);

    assertThat(world.standing("eu")).isEqualTo(DRAINING);
    assertThat(world.endpoint("eu").isLeaving()).isFalse();
    assertThat(world.millisUntil("eu", IN_SERVICE)).isBetween(10_000L, 10_300L);
    assertThat(world.changes)
        .containsExactly("eu IN_SERVICE -> DRAINING", "eu DRAINING -> IN_SERVICE");
  }

  @Test
  void one_that_asked_again_while_it_drained_is_back_when_that_time_is_over_too() {
    world.settle();
    asks(5, 10);
    world.pass(Duration.ofSeconds(6));

    asks(5, 10);

    assertThat(world.millisUntil("eu", IN_SERVICE)).isBetween(9_900L, 10_300L);
  }

  @Test
  void how_long_a_region_drained_before_it_was_lost_is_no_outage() {
    world.settle();
    world.fates.put(1, Fate.LEAVES);
    world.millisUntil("eu", DRAINING);
    world.pass(Duration.ofMinutes(10));

    world.fates.put(1, Fate.REFUSES);
    world.fail("eu", CONNECT, 1);

    world.pass(Duration.ofSeconds(5));
    assertThat(world.monitor.recoveries().all())
        .singleElement()
        .satisfies(recovery -> assertThat(recovery.millis()).isLessThan(1_500));
  }

  @Test
  void a_service_whose_other_regions_ask_to_be_left_is_still_served_there() {
    world.settle();
    world.fates.put(2, Fate.LEAVES);
    world.fates.put(3, Fate.LEAVES);
    world.pass(Duration.ofSeconds(13));
    world.fates.put(1, Fate.REFUSES);
    world.fail("eu", CONNECT, 1);

    world.pass(Duration.ofSeconds(5));

    assertThat(world.monitor.recoveries().all())
        .singleElement()
        .satisfies(recovery -> assertThat(recovery.over()).isTrue());
  }

  @Test
  void a_region_drains_when_too_few_of_its_endpoints_are_left() {
    World two =
        new World(
            World.plan(
                Map.of("eu", List.of(1, 4), "us", List.of(2), "asia", List.of(3)), World.CHECK),
            Map.of());
    two.settle();
    two.fates.put(1, Fate.LEAVES);
    two.pass(Duration.ofSeconds(13));
    assertThat(two.endpoint("eu", 0).standing()).isEqualTo(DRAINING);
    assertThat(two.standing("eu")).as("the other one is enough").isEqualTo(IN_SERVICE);

    two.fates.put(4, Fate.LEAVES);
    two.pass(Duration.ofSeconds(13));

    assertThat(two.standing("eu")).isEqualTo(DRAINING);
  }
}
