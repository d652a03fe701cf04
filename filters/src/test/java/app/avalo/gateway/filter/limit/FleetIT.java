package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** One limit on several gateways, in virtual time over a real Redis. */
class FleetIT {
  private static final LimitConfig EXACT =
      Policies.named("exact").of(Policies.per(500, Duration.ofSeconds(1), 500)).build();
  private static final LimitConfig LEASED =
      Policies.named("leased").of(Policies.per(1000, Duration.ofSeconds(1), 1000)).leased().build();
  private static final Duration BOUND = Duration.ofMillis(20);

  @Test
  void exactLimitsAdmitAllThatIsAllowedAndNothingMore() {
    try (Fleet fleet = new Fleet(4, EXACT, 1)) {
      fleet.offer(2, Duration.ofSeconds(4));

      Fleet.Outcome outcome = fleet.outcome();
      assertThat(outcome.excess()).isZero();
      assertThat(outcome.share()).isGreaterThan(0.995);
      assertThat(outcome.longestWait()).isLessThanOrEqualTo(BOUND);
    }
  }

  @Test
  void answersThatAreLateAdmitNoneTooManyAndWasteNoTokens() {
    for (LimitConfig policy : new LimitConfig[] {EXACT, LEASED}) {
      try (Fleet fleet = new Fleet(4, policy, 7)) {
        fleet.delayEvery(10);
        fleet.offer(2, Duration.ofSeconds(3));

        Fleet.Outcome outcome = fleet.outcome();
        assertThat(outcome.excess()).as(policy.name()).isZero();
        // Leases are lost where a late answer keeps a gateway from asking anew for some of a lease.
        assertThat(outcome.share()).as(policy.name()).isGreaterThan(policy == EXACT ? 0.99 : 0.95);
        assertThat(outcome.longestWait()).isLessThanOrEqualTo(BOUND);
      }
    }
  }

  @Test
  void leasedLimitsNeverAdmitTooMuchAndSeldomAskRedis() {
    try (Fleet fleet = new Fleet(4, LEASED, 2)) {
      fleet.offer(2, Duration.ofSeconds(4));

      Fleet.Outcome outcome = fleet.outcome();
      assertThat(outcome.excess()).isZero();
      assertThat(outcome.share()).isGreaterThan(0.97);
      assertThat(outcome.calls()).isLessThan(0.15);
    }
  }

  @Test
  void whenTheLoadMovesToOtherGatewaysSoDoesWhatTheyHoldWithinASecond() {
    try (Fleet fleet = new Fleet(16, LEASED, 9)) {
      fleet.offer(2, Duration.ofSeconds(3));
      fleet.turnLoad();
      fleet.offer(2, Duration.ofSeconds(1));

      Fleet.Outcome outcome = fleet.outcome();
      assertThat(outcome.excess()).isZero();
      assertThat(outcome.share()).isGreaterThan(0.98);
      assertThat(outcome.calls()).isLessThan(0.2);
    }
  }

  @Test
  void aRedisThatHasForgottenIsToldByThoseWhoRemember() {
    for (LimitConfig policy : new LimitConfig[] {EXACT, LEASED}) {
      try (Fleet fleet = new Fleet(4, policy, 10)) {
        fleet.offer(2, Duration.ofSeconds(1));
        fleet.redisIsAway(Duration.ofMillis(500), 2, true);
        fleet.offer(2, Duration.ofSeconds(1));

        Fleet.Outcome outcome = fleet.outcome();
        double burst = policy.allowance().bandwidths().get(0).burst();
        assertThat(outcome.excess()).as(policy.name()).isLessThanOrEqualTo(burst * 0.1);
        assertThat(outcome.longestWait()).isLessThanOrEqualTo(BOUND);
      }
    }
  }

  @Test
  void lostAnswersAndADeadGatewayCostTokensButAdmitNoneTooMany() {
    try (Fleet fleet = new Fleet(4, LEASED, 3)) {
      fleet.loseEvery(10);
      fleet.offer(2, Duration.ofSeconds(1));
      fleet.kill(0);
      fleet.offer(2, Duration.ofSeconds(1));

      Fleet.Outcome outcome = fleet.outcome();
      assertThat(outcome.longestWait()).isLessThanOrEqualTo(BOUND);
      // What is decided by shares while answers are missing is a tenth of the burst at most.
      assertThat(outcome.excess()).isLessThanOrEqualTo(100);
    }
  }

  @Test
  void whileRedisIsAwayTheSharesTogetherAreTheLimitAndATenthOfTheBurst() {
    for (LimitConfig policy : new LimitConfig[] {EXACT, LEASED}) {
      try (Fleet fleet = new Fleet(4, policy, 4)) {
        fleet.offer(2, Duration.ofMillis(500));
        fleet.redisIsAway(Duration.ofSeconds(2), 2, false);
        fleet.offer(2, Duration.ofSeconds(1));

        Fleet.Outcome outcome = fleet.outcome();
        double burst = policy.allowance().bandwidths().get(0).burst();
        assertThat(outcome.excess()).as(policy.name()).isLessThanOrEqualTo(burst * 0.1);
        assertThat(outcome.longestWait()).isLessThanOrEqualTo(BOUND);
      }
    }
  }

  @Test
  void whatACutOffGatewayLetsPassIsChargedToAllAfterwards() {
    for (LimitConfig policy : new LimitConfig[] {EXACT, LEASED}) {
      try (Fleet fleet = new Fleet(4, policy, 6)) {
        fleet.offer(2, Duration.ofSeconds(1));
        fleet.cutOffInTurn(20, Duration.ofMillis(100), 2);
        fleet.offer(2, Duration.ofMillis(500));

        // A gateway's share of the rate while it is cut off, beside a tenth of the burst.
        double burst = policy.allowance().bandwidths().get(0).burst();
        assertThat(fleet.outcome().excess())
            .as(policy.name())
            .isLessThanOrEqualTo(burst * 0.1 + burst * 0.1 / 4);
      }
    }
  }

  @Test
  void whatIsLeftIsToldWhereARateIsLargeAgainstItsBurst() {
    LimitConfig small =
        Policies.named("leased")
            .of(Policies.per(1000, Duration.ofSeconds(1), 100))
            .leased()
            .build();
    try (Fleet fleet = new Fleet(2, small, 8)) {
      fleet.offer(0.32, Duration.ofSeconds(2));

      assertThat(fleet.remaining()).isGreaterThan(50);
      assertThat(fleet.outcome().excess()).isZero();
    }
  }
}
