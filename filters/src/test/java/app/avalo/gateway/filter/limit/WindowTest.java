package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class WindowTest {
  private static final long MILLI = 1_000_000;

  /** Burst 100 at once, then one each 10 ms for 60 s. */
  private static long[] exactly() {
    return LongStream.concat(
            LongStream.generate(() -> 0).limit(100),
            LongStream.rangeClosed(1, 6000).map(i -> i * 10 * MILLI))
        .toArray();
  }

  @Test
  void aLogThatUsesTheWholeLimitHasNoExcess() {
    assertThat(Window.excess(exactly(), Policies.per(100, Duration.ofSeconds(1), 100))).isZero();
  }

  @Test
  void onePercentTooManyAreFound() {
    long[] log = exactly();
    Random random = new Random(7);
    long[] planted = Arrays.copyOf(log, log.length + log.length / 100);
    for (int i = log.length; i < planted.length; i++) {
      planted[i] = random.nextInt(60_000) * MILLI;
    }

    double excess = Window.excess(planted, Policies.per(100, Duration.ofSeconds(1), 100));

    assertThat(excess).isEqualTo(log.length / 100);
  }

  @Test
  void oneTooManyAnywhereIsFound() {
    long[] log = Arrays.copyOf(exactly(), 6101);
    log[6100] = 30_005 * MILLI;

    assertThat(Window.excess(log, Policies.per(100, Duration.ofSeconds(1), 100)))
        .isBetween(0.49, 1.0);
  }

  @Test
  void momentsThatAreKnownToAMillisecondExcuseNoOnePercent() {
    long[] until = exactly();
    long[] from = Arrays.stream(until).map(at -> at - MILLI).toArray();
    var bandwidth = Policies.per(100, Duration.ofSeconds(1), 100);
    int extra = until.length / 100;
    long[] moreUntil = Arrays.copyOf(until, until.length + extra);
    long[] moreFrom = Arrays.copyOf(from, from.length + extra);
    System.arraycopy(until, 3000, moreUntil, until.length, extra);
    System.arraycopy(from, 3000, moreFrom, from.length, extra);

    assertThat(Window.excess(from, until, bandwidth)).isZero();
    assertThat(Window.excess(moreFrom, moreUntil, bandwidth)).isBetween(extra - 1.0, extra + 1.0);
  }

  /** Twice what a limit allows, offered at random; the moments of a tenth are known badly. */
  @Test
  void notToKnowTheMomentsIsNoExcess() {
    Random random = new Random(3);
    long[] from = new long[3000];
    long[] until = new long[from.length];
    long now = 0;
    double level = 100;
    for (int i = 0; i < from.length; ) {
      long passed = (long) (-Math.log(1 - random.nextDouble()) * 5 * MILLI);
      now += passed;
      level = Math.min(100, level + passed / (10.0 * MILLI));
      if (level >= 1) {
        level--;
        int unknown = random.nextInt(10) == 0 ? 100 : 1;
        from[i] = now - random.nextInt(unknown) * MILLI;
        until[i++] = now + random.nextInt(unknown) * MILLI;
      }
    }

    assertThat(Window.excess(from, until, Policies.per(100, Duration.ofSeconds(1), 100))).isZero();
  }

  @Test
  void momentsThatAreKnownAreJudgedAlikeBothWays() {
    Random random = new Random(5);
    long[] log = random.longs(2000, 0, 15_000 * MILLI).toArray();
    var bandwidth = Policies.per(100, Duration.ofSeconds(1), 100);

    assertThat(Window.excess(log, log, bandwidth))
        .isCloseTo(Window.excess(log, bandwidth), within(1e-3))
        .isPositive();
  }
}
