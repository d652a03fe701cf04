package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatencyTest {
  @Test
  void nothing_is_said_before_there_is_enough_to_say_it_from() {
    Latency latency = new Latency();
    for (int i = 0; i < 63; i++) {
      latency.record(1_000_000);
    }
    assertThat(latency.nearlyAllNanos()).isZero();
    latency.record(1_000_000);
    assertThat(latency.nearlyAllNanos()).isBetween(1_000_000L, 1_200_000L);
  }

  @Test
  void it_is_the_95th_percentile_to_a_fourth() {
    Random random = new Random(7);
    long[] all = new long[960];
    Latency latency = new Latency();
    for (int i = 0; i < all.length; i++) {
      all[i] = (long) (20e6 * Math.exp(random.nextGaussian()));
      latency.record(all[i]);
    }
    Arrays.sort(all);
    long exact = all[all.length * 95 / 100];
    assertThat(latency.nearlyAllNanos()).isBetween(exact * 8 / 10, exact * 13 / 10);
  }

  @Test
  void it_follows_when_answers_become_slower_or_faster() {
    Latency latency = new Latency();
    for (long nanos : new long[] {10_000_000, 200_000_000, 10_000_000}) {
      for (int i = 0; i < 20_000; i++) {
        latency.record(nanos);
      }
      assertThat(latency.nearlyAllNanos()).isBetween(nanos, nanos * 5 / 4);
    }
  }

  @Test
  void times_beyond_the_scale_are_counted_at_its_ends() {
    Latency latency = new Latency();
    for (int i = 0; i < 64; i++) {
      latency.record(i % 2 == 0 ? -5 : Long.MAX_VALUE);
    }
    assertThat(latency.nearlyAllNanos()).isEqualTo(1L << 36);
  }
}
