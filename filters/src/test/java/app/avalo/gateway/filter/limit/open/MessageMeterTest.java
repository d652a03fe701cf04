package app.avalo.gateway.filter.limit.open;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.Oracle;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class MessageMeterTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void onePeriodsMessagesPassAtOnceAndThenOneByOne() {
    MessageMeter meter = MessageMeter.of(new Rate(100, Duration.ofSeconds(1)), 5);
    for (int i = 0; i < 100; i++) {
      assertThat(meter.tryMessage(5)).isTrue();
    }

    assertThat(meter.tryMessage(5)).isFalse();
    assertThat(meter.delayNanos(5)).isEqualTo(SECOND / 100);
    assertThat(meter.tryMessage(4 + SECOND / 100)).isFalse();
    assertThat(meter.tryMessage(5 + SECOND / 100)).isTrue();
    assertThat(meter.delayNanos(5 + 10 * SECOND)).isZero();
  }

  @Test
  void whoIsAheadIsSlowedByAFewMessagesAtAnyRate() {
    for (long perMinute : new long[] {4, 20, 120, 6000}) {
      MessageMeter meter = MessageMeter.of(new Rate(perMinute, Duration.ofMinutes(1)), 0);
      assertThat(meter.take((int) perMinute, 0)).as("full").isPositive();
      long slowed = Math.max(4, 2 * perMinute / 60);
      assertThat(meter.take((int) slowed - 1, 0))
          .as("%s a minute", perMinute)
          .isEqualTo(slowed * 60 * SECOND / perMinute);
      assertThat(meter.take(1, 0)).as("one more").isEqualTo(MessageMeter.TOO_FAR);
    }
  }

  @Test
  void nobodyIsWaitedForLongerThanAMinute() {
    MessageMeter meter = MessageMeter.of(new Rate(1, Duration.ofMinutes(10)), 0);
    assertThat(meter.take(1, 0)).isEqualTo(MessageMeter.TOO_FAR);
  }

  @Property
  void neverPassesMoreThanTheOracleAndHardlyLess(
      @ForAll @LongRange(min = 1, max = 1000) long count,
      @ForAll @Size(300) List<@LongRange(min = 0, max = 20_000_000) Long> pauses) {
    Rate rate = new Rate(count, Duration.ofSeconds(1));
    MessageMeter meter = MessageMeter.of(rate, 0);
    Oracle oracle = new Oracle(Policies.all(Policies.per(count, Duration.ofSeconds(1), count)), 0);
    long now = 0;
    for (long pause : pauses) {
      now += pause;
      boolean passed = meter.delayNanos(now) == 0;
      assertThat(meter.tryMessage(now)).isEqualTo(passed);
      if (passed) {
        assertThat(oracle.take(1, now)).as("the oracle would pass it too").isTrue();
      } else {
        oracle.giveBack(0, now);
        assertThat(oracle.nanosUntil(1)).isLessThanOrEqualTo(meter.delayNanos(now) + 1000);
      }
    }
  }
}
