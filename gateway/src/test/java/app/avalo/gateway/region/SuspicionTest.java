package app.avalo.gateway.region;

import static app.avalo.gateway.region.Standing.IN_SERVICE;
import static app.avalo.gateway.region.Standing.OUT;
import static app.avalo.gateway.region.Standing.SUSPECT;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.World.Fate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What live traffic betrays before a request fails: silence, slowness, and one's own faults. */
class SuspicionTest {
  private final World world = new World();

  /** Requests at a steady rate, each answered after so many milliseconds. */
  private void serve(String region, Duration span, int everyMillis, int headMillis) {
    EndpointHealth endpoint = world.endpoint(region);
    for (long millis = 0; millis < span.toMillis(); millis += everyMillis) {
      endpoint.sent();
      world.time.after(
          Duration.ofMillis(headMillis),
          () -> {
            endpoint.settled();
            endpoint.succeeded(headMillis * 1_000_000L);
          });
      world.passMillis(everyMillis);
    }
  }

  private void sendOnly(String region, Duration span, int everyMillis) {
    for (long millis = 0; millis < span.toMillis(); millis += everyMillis) {
      world.endpoint(region).sent();
      world.passMillis(everyMillis);
    }
  }

  @Test
  void answersThatStopSuspectAfterAQuarterOfASecond() {
    world.settle();
    serve("eu", Duration.ofSeconds(30), 10, 20);
    world.fates.put(1, Fate.SILENT);
    sendOnly("eu", Duration.ofMillis(200), 10);
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    sendOnly("eu", Duration.ofMillis(150), 10);
    assertThat(world.standing("eu")).isEqualTo(SUSPECT);
    assertThat(world.status("eu").reason()).contains("no answer for");
  }

  @Test
  void aRegionIsGoneSinceItsSilenceBeganOnceChecksConfirmIt() {
    world.settle();
    serve("eu", Duration.ofSeconds(30), 10, 20);
    world.fates.put(1, Fate.SILENT);
    sendOnly("eu", Duration.ofMillis(800), 10);
    assertThat(goneMillis("eu")).isZero();
    sendOnly("eu", Duration.ofMillis(400), 10);
    assertThat(goneMillis("eu")).isBetween(1_150L, 1_200L);
  }

  private long goneMillis(String region) {
    long nowNanos = world.time.nanos();
    return (nowNanos - world.endpoint(region).goneSinceNanos(nowNanos)) / 1_000_000;
  }

  @Test
  void aServiceThatTakesLongIsGivenTheTimeThatItUsuallyTakes() {
    world.settle();
    serve("eu", Duration.ofMinutes(2), 1_000, 900);
    world.pass(Duration.ofSeconds(5));
    world.endpoint("eu").sent();
    world.pass(Duration.ofMillis(1_700));
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    world.fates.put(1, Fate.SILENT);
    world.pass(Duration.ofMillis(700));
    assertThat(world.standing("eu")).isEqualTo(SUSPECT);
  }

  @Test
  void aLoneRequestOfAnUnknownServiceWaitsASecond() {
    world.settle();
    world.fates.put(1, Fate.SILENT);
    world.endpoint("eu").sent();
    long millis = world.millisUntil("eu", SUSPECT);
    assertThat(millis).isBetween(1_000L, 1_100L);
  }

  @Test
  void oneSlowRequestSuspectsOnceHoweverLongItTakes() {
    world.settle();
    world.changes.clear();
    world.endpoint("eu").sent();
    world.pass(Duration.ofMinutes(2));
    assertThat(world.changes)
        .containsExactly("eu IN_SERVICE -> SUSPECT", "eu SUSPECT -> IN_SERVICE");
  }

  @Test
  void noRequestsIsNoSilence() {
    world.settle();
    serve("eu", Duration.ofSeconds(30), 10, 20);
    world.pass(Duration.ofMinutes(1));
    world.changes.clear();
    serve("eu", Duration.ofSeconds(5), 10, 20);
    assertThat(world.changes).isEmpty();
  }

  @Test
  void aRegionThatBecomesSlowKeepsAShareAndIsNeverEvicted() {
    world.settle();
    serve("eu", Duration.ofMinutes(3), 50, 20);
    assertThat(world.share("eu")).isEqualTo(1024);
    world.changes.clear();
    serve("eu", Duration.ofSeconds(45), 50, 100);
    assertThat(world.share("eu")).isLessThanOrEqualTo(512).isGreaterThanOrEqualTo(128);
    assertThat(world.changes).isEmpty();
    serve("eu", Duration.ofMinutes(1), 50, 20);
    assertThat(world.share("eu")).isEqualTo(1024);
  }

  @Test
  void whereMostRegionsAreSlowNoneIsLowered() {
    world.settle();
    for (int second = 0; second < 120; second++) {
      serveAll(20);
    }
    for (int second = 0; second < 45; second++) {
      serveAll(100);
    }
    assertThat(List.of(world.share("eu"), world.share("us"), world.share("asia")))
        .containsOnly(1024);
  }

  private void serveAll(int headMillis) {
    for (String region : List.of("eu", "us", "asia")) {
      for (int i = 0; i < 10; i++) {
        world.endpoint(region).succeeded(headMillis * 1_000_000L);
      }
    }
    world.pass(Duration.ofSeconds(1));
  }

  @Test
  void aGatewayThatHearsNobodyConvictsNobody() {
    world.settle();
    for (int port = 1; port <= 3; port++) {
      world.fates.put(port, Fate.SILENT);
    }
    world.pass(Duration.ofMinutes(5));
    assertThat(world.changes).noneMatch(change -> change.endsWith("OUT"));
    assertThat(world.monitor.inDoubt()).isTrue();
    world.fates.clear();
    world.pass(Duration.ofSeconds(2));
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    assertThat(world.monitor.inDoubt()).isFalse();
  }

  @Test
  void twoRegionsThatRefuseAreNotThisGatewaysFault() {
    world.settle();
    world.fates.put(1, Fate.REFUSES);
    world.fates.put(2, Fate.REFUSES);
    world.pass(Duration.ofSeconds(15));
    assertThat(world.changes).anyMatch(change -> change.endsWith("OUT"));
  }

  @Test
  void aLoopThatRunsLateConvictsNobodyWhileItDoes() {
    world.settle();
    world.fates.put(1, Fate.SILENT);
    world.fail("eu", EndpointHealth.Failure.TIMEOUT, 1);
    for (int i = 0; i < 20; i++) {
      world.passMillis(200);
      world.skewNanos.addAndGet(Duration.ofMillis(150).toNanos());
    }
    assertThat(world.standing("eu")).isEqualTo(SUSPECT);
    assertThat(world.millisUntil("eu", OUT)).isBetween(1L, 1_000L);
  }

  @Test
  void endpointsOfPinnedServicesAreCheckedTwiceASecond() {
    World pinned = new World(World.pinnedPlan(), Map.of());
    pinned.pass(Duration.ofSeconds(10));
    assertThat(pinned.checks.get(1)).isBetween(16, 26);
  }

  @Test
  void aRegionThatNobodyUsesIsCheckedAsOftenAsTheOthers() {
    world.settle();
    world.checks.clear();
    for (int second = 0; second < 300; second++) {
      serve("eu", Duration.ofSeconds(1), 100, 20);
    }
    assertThat(world.checks.get(2)).isBetween(24, 38);
    assertThat(world.checks.get(3)).isBetween(24, 38);
  }
}
