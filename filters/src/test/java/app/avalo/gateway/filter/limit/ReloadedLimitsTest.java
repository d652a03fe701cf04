package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Event;
import app.avalo.gateway.config.LimitConfig.Season;
import app.avalo.gateway.config.LimitConfig.TimeOut;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** What event loops that share their limits make of a plan that replaces another. */
class ReloadedLimitsTest {
  private static final LimitConfig KEPT = Policies.named("kept").of(perMinute(1000)).build();
  private static final LimitConfig ADDED = Policies.named("added").local().of(perMinute(5)).build();

  private final VirtualTime time = new VirtualTime();
  private final Limits limits = new Limits(time, 1);
  private final LimitFilter one = new LimitFilter(limits, null, "avalo");
  private final LimitFilter other = new LimitFilter(limits, null, "avalo");
  private final Plan before = Policies.plan(KEPT);
  private final Plan after = Policies.plan(KEPT, ADDED);

  private int passes(LimitFilter filter, Plan plan, int requests) {
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      passed += began(time.nanos(), filter, plan) ? 1 : 0;
    }
    return passed;
  }

  private static boolean began(long nanos, LimitFilter filter, Plan plan) {
    return Outcome.of(filter, Exchanges.on(plan).user("alice").at(nanos).live()).proceeded();
  }

  @Test
  void whoBeganUnderTheEarlierPlanMakesNoLoopForgetWhatTheNextHasAdded() {
    long early = time.nanos();
    time.advance(Duration.ofMillis(1));
    int passed = passes(one, after, 1) + passes(other, after, 1);

    assertThat(began(early, one, before)).isTrue();

    passed += passes(one, after, 20) + passes(other, after, 20);
    assertThat(passed).isEqualTo(5);
  }

  @Test
  void neitherDoesALoopThatFollowsLate() {
    long early = time.nanos();
    time.advance(Duration.ofMillis(1));
    int passed = passes(one, after, 3);

    assertThat(began(early, other, before)).isTrue();

    passed += passes(one, after, 20) + passes(other, after, 20);
    assertThat(passed).isEqualTo(5);
  }

  @Test
  void whatAPolicyDoesNotDoAnyMoreIsNotShown() {
    var begin = Instant.ofEpochMilli(time.epochMillis()).atOffset(ZoneOffset.UTC);
    Season sale = new Season(new Event(begin, begin.plusHours(1)), 300);
    TimeOut rule =
        new TimeOut(1, Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofHours(1));
    Policies calls = Policies.named("calls").of(perMinute(5));
    passes(one, Policies.plan(calls.schedule(sale).timeOut(rule).build()), 30);
    assertThat(limits.percent("calls")).isEqualTo(300);
    assertThat(limits.shutOut("calls")).isEqualTo(1);

    passes(one, Policies.plan(Policies.named("calls").of(perMinute(5)).build()), 1);

    assertThat(limits.percent("calls")).isEqualTo(100);
    assertThat(limits.shutOut("calls")).isZero();
  }
}
