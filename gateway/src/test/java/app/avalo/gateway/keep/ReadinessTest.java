package app.avalo.gateway.keep;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.region.probe.Prober;
import app.avalo.gateway.region.probe.Prober.Outcome;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A region is ready while all that are asked said so lately. */
class ReadinessTest {
  private static final int EU = 0;
  private final VirtualTime time = new VirtualTime();
  private final Deque<Consumer<Prober.Result>> asked = new ArrayDeque<>();
  private final Readiness readiness = new Readiness((target, done) -> asked.add(done), time);
  private final List<Prober.Target> two = targets();

  ReadinessTest() {
    time.advance(Duration.ofMinutes(1));
  }

  private static List<Prober.Target> targets() {
    Plan plan = Plans.minimal().compile();
    Service service = plan.services().get(0);
    Prober.Target target =
        new Prober.Target(
            service.config().protocol(),
            service.in(plan.regions().get(0)).get(0),
            service.config().upstreamTls(),
            service.config().health());
    return List.of(target, target);
  }

  private void answer(Outcome outcome) {
    asked.remove().accept(new Prober.Result(outcome, "said"));
  }

  @Test
  void whoeverHasNobodyToAskIsReady() {
    assertThat(readiness.isReady(EU, List.of())).isTrue();
    assertThat(asked).isEmpty();
  }

  @Test
  void allHaveToSaySo() {
    assertThat(readiness.isReady(EU, two)).as("nobody has said anything").isFalse();
    answer(Outcome.OK);
    assertThat(readiness.isReady(EU, two)).isFalse();
    answer(Outcome.OK);
    assertThat(readiness.isReady(EU, two)).isTrue();
    time.advance(Duration.ofSeconds(1));
    readiness.isReady(EU, two);
    answer(Outcome.OK);
    answer(Outcome.MISSED);
    assertThat(readiness.isReady(EU, two)).isFalse();
  }

  @Test
  void theyAreAskedOnceASecondAndBelievedForFive() {
    readiness.isReady(EU, two);
    answer(Outcome.OK);
    answer(Outcome.OK);
    time.advance(Duration.ofMillis(999));
    assertThat(readiness.isReady(EU, two)).isTrue();
    assertThat(asked).isEmpty();
    time.advance(Duration.ofSeconds(5));
    assertThat(readiness.isReady(EU, two)).as("an old answer").isFalse();
    assertThat(asked).hasSize(2);
  }
}
