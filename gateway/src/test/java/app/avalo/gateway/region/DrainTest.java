package app.avalo.gateway.region;

import static app.avalo.gateway.region.Standing.IN_SERVICE;
import static app.avalo.gateway.region.Standing.OUT;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.RegionStatus.Steps;
import app.avalo.gateway.region.World.Fate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DrainTest {
  private static final int USERS = 5_000;
  private static final Forced DRAIN =
      new Forced(true, "ana", "works", null, new Steps(500, Duration.ofSeconds(1)));

  private final World world = new World();

  @BeforeEach
  void fiveThousandUsers() {
    world.settle();
    assertThat(inside()).isEqualTo(USERS);
  }

  private int inside() {
    int inside = 0;
    for (int caller = 0; caller < USERS; caller++) {
      world.monitor.taken(world.plan.region("eu"), caller);
      inside += world.monitor.admits(world.plan.region("eu"), caller) ? 1 : 0;
    }
    return inside;
  }

  @Test
  void usersLeaveFiveHundredAtATimeAndThenTheRegionIsOut() {
    world.monitor.force("eu", DRAIN);
    int before = inside();
    assertThat(USERS - before).isBetween(350, 650);
    for (int second = 0; second < 5; second++) {
      world.pass(Duration.ofSeconds(1));
      int now = inside();
      assertThat(before - now).isBetween(350, 650);
      assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
      before = now;
    }
    world.pass(Duration.ofSeconds(10));
    assertThat(inside()).isZero();
    assertThat(world.standing("eu")).isEqualTo(OUT);
    assertThat(world.status("eu").reason()).isEqualTo("drained by ana: works");
    assertThat(world.status("eu").observed()).isEqualTo(IN_SERVICE);
    assertThat(world.status("eu").taking().drained()).isTrue();
  }

  @Test
  void everyCallerIsToldOnceThatItLeaves() {
    int[] told = new int[USERS];
    List<Health.Departure> departures = new ArrayList<>();
    world.monitor.onChange(
        new Health.ChangeListener() {
          @Override
          public void changed(String region, Standing from, Standing to, String reason) {}

          @Override
          public void left(Health.Departure departure) {
            departures.add(departure);
            for (int caller = 0; caller < USERS; caller++) {
              boolean leaves = departure.includes(caller);
              told[caller] += leaves ? 1 : 0;
              assertThat(leaves && world.monitor.admits(world.plan.region("eu"), caller)).isFalse();
            }
          }
        });
    world.monitor.force("eu", DRAIN);
    world.pass(Duration.ofSeconds(3));
    assertThat(departures).hasSize(4).allMatch(departure -> departure.region().equals("eu"));
    assertThat(Arrays.stream(told).sum()).isEqualTo(USERS - inside());
    world.pass(Duration.ofSeconds(12));
    assertThat(world.standing("eu")).isEqualTo(OUT);
    assertThat(told).containsOnly(1);
  }

  @Test
  void aDrainThatIsReleasedMidwayLetsUsersComeBack() {
    world.monitor.force("eu", DRAIN);
    world.pass(Duration.ofSeconds(5));
    world.monitor.release("eu", "ana");
    assertThat(inside()).isLessThan(USERS);
    world.pass(Duration.ofSeconds(10));
    assertThat(inside()).isEqualTo(USERS);
    assertThat(world.changes).isEmpty();
  }

  @Test
  void aRegionThatDiesWhileItIsDrainedIsOutAtOnce() {
    world.monitor.force("eu", DRAIN);
    world.fates.put(1, Fate.REFUSES);
    world.fail("eu", EndpointHealth.Failure.CONNECT, 1);
    world.pass(Duration.ofSeconds(1));
    assertThat(world.standing("eu")).isEqualTo(OUT);
    assertThat(world.status("eu").taking().drained()).isFalse();
  }

  @Test
  void aRegionThatIsOutAlreadyIsNotOpenedToBeDrained() {
    world.monitor.force("eu", new Forced(true, "ana", "works", null));
    world.monitor.force("eu", DRAIN);
    assertThat(world.standing("eu")).isEqualTo(OUT);
    assertThat(world.status("eu").taking().drained()).isTrue();
    world.pass(Duration.ofSeconds(5));
    assertThat(world.changes).containsExactly("eu IN_SERVICE -> OUT");
  }

  @Test
  void aDrainEndsByItselfWhenItsTimeIsOver() {
    long until = world.time.epochMillis() + 60_000;
    world.monitor.force("eu", new Forced(true, "ana", "works", until, DRAIN.steps()));
    world.pass(Duration.ofSeconds(30));
    assertThat(world.standing("eu")).isEqualTo(OUT);
    world.pass(Duration.ofSeconds(31));
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    assertThat(inside()).as("comes back step by step").isLessThan(USERS / 2);
  }

  @Test
  void aRegionThatWasLostComesBackWithFewUsersFirst() {
    world.fates.put(1, Fate.REFUSES);
    world.fail("eu", EndpointHealth.Failure.CONNECT, 1);
    world.pass(Duration.ofSeconds(1));
    world.fates.clear();
    assertThat(world.millisUntil("eu", IN_SERVICE)).isPositive();
    assertThat(inside()).isBetween(200, 500);
    world.pass(Duration.ofSeconds(20));
    assertThat(inside()).isEqualTo(USERS);
  }
}
