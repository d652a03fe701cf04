package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.filter.limit.ObedientClient.Obeys;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A client that obeys the text of its answers, at any of several gateways, in virtual time. */
class ObeyingIT {
  @Test
  void whoKeepsToWhatIsLeftIsNeverRefusedByAnyGateway() {
    for (LimitConfig policy : Obeying.POLICIES) {
      Obeying.Outcome outcome = Obeying.run(policy, Obeys.RATE_LIMIT, Duration.ofSeconds(40), 5);

      assertThat(outcome.refusals()).as(policy.name()).isZero();
      assertThat(outcome.excess()).as(policy.name()).isZero();
    }
  }

  @Test
  void whoAsksNoMoreOftenThanIsGrantedIsNeverRefusedByAnyGateway() {
    for (LimitConfig policy : Obeying.POLICIES) {
      Obeying.Outcome outcome = Obeying.run(policy, Obeys.POLICY, Duration.ofSeconds(6), 5);

      assertThat(outcome.refusals()).as(policy.name()).isZero();
      assertThat(outcome.excess()).as(policy.name()).isZero();
    }
  }

  @Test
  void whoWaitsAsLongAsToldIsNotRefusedAgainByAnotherGateway() {
    for (LimitConfig policy : Obeying.POLICIES) {
      Obeying.Outcome outcome = Obeying.run(policy, Obeys.RETRY_AFTER, Duration.ofSeconds(15), 5);

      assertThat(outcome.refusals()).as(policy.name()).isGreaterThan(5);
      assertThat(outcome.again()).as(policy.name()).isZero();
      assertThat(outcome.excess()).as(policy.name()).isZero();
    }
  }
}
