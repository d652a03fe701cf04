package app.avalo.gateway.region;

import static app.avalo.gateway.region.EndpointHealth.Failure.BAD_ANSWER;
import static app.avalo.gateway.region.EndpointHealth.Failure.CONNECT;
import static app.avalo.gateway.region.EndpointHealth.Failure.RESET;
import static app.avalo.gateway.region.EndpointHealth.Failure.TIMEOUT;
import static app.avalo.gateway.region.Standing.IN_SERVICE;
import static app.avalo.gateway.region.Standing.OUT;
import static app.avalo.gateway.region.Standing.SUSPECT;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.region.World.Fate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DetectionTest {
  private final World world = new World();

  @Test
  void aNewEndpointServesAtOnceAndIsCheckedAtOnce() {
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    assertThat(world.monitor.probedOnce()).isFalse();
    world.passMillis(110);
    assertThat(world.checks).containsOnlyKeys(1, 2, 3);
    assertThat(world.monitor.probedOnce()).isTrue();
  }

  @Test
  void baseChecksComeEveryTenSecondsMoreOrLess() {
    world.pass(Duration.ofMinutes(10));
    assertThat(world.checks.get(1)).isBetween(51, 76);
    assertThat(world.checks.get(1)).isNotEqualTo(world.checks.get(2));
  }

  @Test
  void aRefusedConnectionIsSuspectAtOnceAndConvictedAfterTwoRefusedChecks() {
    world.settle();
    world.fates.put(1, Fate.REFUSES);
    world.fail("eu", CONNECT, 1);
    assertThat(world.endpoint("eu").standing()).isEqualTo(SUSPECT);
    assertThat(world.standing("eu")).isEqualTo(SUSPECT);
    assertThat(world.millisUntil("eu", OUT)).isBetween(200L, 210L);
    assertThat(world.changes).containsExactly("eu IN_SERVICE -> SUSPECT", "eu SUSPECT -> OUT");
  }

  @Test
  void aSilentEndpointIsConvictedAfterThreeChecksAFifthOfASecondApart() {
    world.settle();
    world.fates.put(1, Fate.SILENT);
    world.fail("eu", TIMEOUT, 1);
    assertThat(world.standing("eu")).isEqualTo(SUSPECT);
    assertThat(world.millisUntil("eu", OUT)).isBetween(645L, 660L);
  }

  @Test
  void withoutTrafficAFailedBaseCheckSuspects() {
    world.settle();
    world.fates.put(1, Fate.REFUSES);
    assertThat(world.millisUntil("eu", OUT)).isBetween(200L, 12_300L);
  }

  @Test
  void aSuspectIsClearedByTheFirstCheckThatAnswers() {
    world.settle();
    world.fail("eu", TIMEOUT, 1);
    world.passMillis(3);
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
  }

  @Test
  void aLoneResetInABusyStreamSuspectsNobody() {
    world.endpoint("eu").succeeded();
    world.settle();
    world.endpoint("eu").succeeded();
    world.fail("eu", RESET, 1);
    assertThat(world.endpoint("eu").standing()).isEqualTo(IN_SERVICE);
    world.endpoint("eu").succeeded();
    world.fail("eu", RESET, 1);
    assertThat(world.endpoint("eu").standing()).isEqualTo(SUSPECT);
  }

  @Test
  void aResetWithoutOtherTrafficSuspects() {
    world.pass(Duration.ofSeconds(3));
    world.fail("eu", RESET, 1);
    assertThat(world.endpoint("eu").standing()).isEqualTo(SUSPECT);
  }

  @Test
  void fiveBadAnswersInARowSuspectFourDoNot() {
    world.settle();
    world.fail("eu", BAD_ANSWER, 4);
    world.endpoint("eu").succeeded();
    world.fail("eu", BAD_ANSWER, 4);
    assertThat(world.endpoint("eu").standing()).isEqualTo(IN_SERVICE);
    world.fail("eu", BAD_ANSWER, 1);
    assertThat(world.endpoint("eu").standing()).isEqualTo(SUSPECT);
  }

  @Test
  void halfOfTheRequestsFailingSuspectsThenEjects() {
    world.settle();
    for (int i = 0; i < 10; i++) {
      world.fail("eu", BAD_ANSWER, 1);
      world.endpoint("eu").succeeded();
    }
    assertThat(world.millisUntil("eu", SUSPECT)).isBetween(0L, 250L);
    assertThat(world.millisUntil("eu", IN_SERVICE)).isLessThan(5);
    world.pass(Duration.ofSeconds(2));
    assertThat(world.standing("eu")).as("old failures count once").isEqualTo(IN_SERVICE);
    for (int i = 0; i < 10; i++) {
      world.fail("eu", BAD_ANSWER, 1);
      world.endpoint("eu").succeeded();
    }
    assertThat(world.millisUntil("eu", OUT)).isBetween(0L, 250L);
  }

  @Test
  void trafficThatFailsWhileChecksAnswerEjectsForALongerTimeEachTime() {
    world.settle();
    long first = ejectedMillis();
    long second = ejectedMillis();
    long third = ejectedMillis();
    assertThat(first).isBetween(5_000L, 5_300L);
    assertThat(second).isBetween(10_000L, 10_300L);
    assertThat(third).isBetween(20_000L, 20_300L);
  }

  private long ejectedMillis() {
    ejected();
    return world.millisUntil("eu", IN_SERVICE);
  }

  private void ejected() {
    for (int i = 0; world.standing("eu") != OUT; i++) {
      assertThat(i).as("failures until ejected").isLessThan(12);
      world.fail("eu", BAD_ANSWER, 1);
      world.passMillis(50);
    }
    assertThat(world.status("eu").endpoints().get(0).state()).isEqualTo("EJECTED");
  }

  @Test
  void aConvictedEndpointReturnsAfterFiveGoodChecksInFiveSeconds() {
    convict();
    world.pass(Duration.ofSeconds(30));
    world.fates.put(1, Fate.WELL);
    assertThat(world.millisUntil("eu", IN_SERVICE)).isBetween(5_000L, 6_100L);
  }

  @Test
  void oneFailedCheckStartsTheHoldDownAnew() {
    convict();
    world.fates.put(1, Fate.WELL);
    world.pass(Duration.ofSeconds(4));
    world.fates.put(1, Fate.REFUSES);
    world.pass(Duration.ofMillis(1_000));
    world.fates.put(1, Fate.WELL);
    assertThat(world.millisUntil("eu", IN_SERVICE)).isBetween(4_900L, 6_100L);
  }

  private void convict() {
    world.settle();
    world.fates.put(1, Fate.REFUSES);
    world.fail("eu", CONNECT, 1);
    world.pass(Duration.ofSeconds(1));
    assertThat(world.standing("eu")).isEqualTo(OUT);
  }

  @Test
  void aRegionThatFlapsForTenMinutesMovesItsUsersAtMostTwice() {
    world.settle();
    for (int i = 0; i < 60; i++) {
      world.fates.put(1, Fate.REFUSES);
      world.fail("eu", CONNECT, world.standing("eu") == OUT ? 0 : 1);
      world.pass(Duration.ofSeconds(5));
      world.fates.put(1, Fate.WELL);
      world.pass(Duration.ofSeconds(5));
    }
    assertThat(world.changes.stream().filter(c -> c.endsWith("-> OUT")).count()).isOne();
  }

  @Test
  void aSlowFlapWaitsTwiceAsLongEachTime() {
    convict();
    world.fates.put(1, Fate.WELL);
    long first = world.millisUntil("eu", IN_SERVICE);
    convict();
    world.fates.put(1, Fate.WELL);
    long second = world.millisUntil("eu", IN_SERVICE);
    assertThat(second).isBetween(first + 4_000, first + 6_000);
  }

  @Test
  void afterAPauseOfThisProcessNothingIsConvictedForASecond() {
    world.settle();
    world.fates.put(1, Fate.REFUSES);
    world.fail("eu", CONNECT, 1);
    world.skewNanos.addAndGet(Duration.ofMillis(700).toNanos());
    world.passMillis(999);
    assertThat(world.standing("eu")).isEqualTo(SUSPECT);
    assertThat(world.millisUntil("eu", OUT)).isBetween(1L, 500L);
  }

  @Test
  void afterAPauseNothingIsEjectedForASecondEither() {
    world.settle();
    world.fail("eu", BAD_ANSWER, 5);
    world.passMillis(50);
    assertThat(world.standing("eu")).as("a check answered").isEqualTo(IN_SERVICE);
    world.skewNanos.addAndGet(Duration.ofMillis(700).toNanos());
    world.fail("eu", BAD_ANSWER, 6);
    world.passMillis(900);
    assertThat(world.standing("eu")).isEqualTo(SUSPECT);
    assertThat(world.millisUntil("eu", OUT)).isBetween(1L, 500L);
  }

  @Test
  void whatWasMissedBeforeAPauseDoesNotCountAfterIt() {
    HealthCheck ten =
        new HealthCheck(
            World.CHECK.kind(),
            World.CHECK.ask(),
            World.CHECK.expect(),
            World.CHECK.times(),
            10,
            World.CHECK.successes());
    Map<String, List<Integer>> ports =
        Map.of("eu", List.of(1), "us", List.of(2), "asia", List.of(3));
    World patient = new World(World.plan(ports, ten), Map.of());
    patient.settle();
    patient.fates.put(1, Fate.SILENT);
    patient.fail("eu", EndpointHealth.Failure.TIMEOUT, 1);
    patient.passMillis(1_500);
    patient.skewNanos.addAndGet(Duration.ofMillis(700).toNanos());
    assertThat(patient.millisUntil("eu", OUT)).isBetween(1_800L, 3_000L);
  }

  @Test
  void whileThisProcessStandsStillAgainAndAgainAnEjectedEndpointIsNotConvicted() {
    world.settle();
    ejected();
    world.fates.put(1, Fate.SILENT);
    for (int i = 0; i < 30; i++) {
      world.passMillis(200);
      world.skewNanos.addAndGet(Duration.ofMillis(400).toNanos());
    }
    assertThat(world.status("eu").endpoints().get(0).state()).isEqualTo("EJECTED");
    world.pass(Duration.ofSeconds(5));
    assertThat(world.status("eu").endpoints().get(0).state()).isEqualTo("CONVICTED");
  }

  @Test
  void onTrialThreeFailuresInARowAreEnough() {
    world.settle();
    ejectedMillis();
    world.fail("eu", BAD_ANSWER, 2);
    world.passMillis(20);
    assertThat(world.standing("eu")).isEqualTo(IN_SERVICE);
    world.fail("eu", BAD_ANSWER, 1);
    world.passMillis(20);
    assertThat(world.standing("eu")).isEqualTo(OUT);
  }
}
