package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** A region of 100 requests in flight, asked by 1000 callers a second who lose 0 to 100 ms. */
class SpillTest {
  private static final long MILLI = 1_000_000L;

  private final Spill spill = new Spill(100, 0);
  private final Random random = new Random(11);
  private long nowNanos;

  private static double lossMillis(int caller) {
    return caller % 100;
  }

  /** One second; gives the share that was kept. */
  private double second(int inFlight) {
    int stayed = 0;
    for (int i = 0; i < 1000; i++) {
      nowNanos += MILLI;
      int caller = random.nextInt(1000);
      stayed += spill.keeps(inFlight, lossMillis(caller), caller, nowNanos) ? 1 : 0;
    }
    return stayed / 1000.0;
  }

  @Test
  void nobody_goes_from_a_region_that_has_room() {
    for (int i = 0; i < 5; i++) {
      assertThat(second(79)).isEqualTo(1);
    }
  }

  @Test
  void above_four_fifths_a_twentieth_goes_every_second_and_those_who_lose_least_first() {
    second(90);
    for (int i = 1; i <= 6; i++) {
      assertThat(second(90)).isBetween(1 - 0.05 * (i + 1) - 0.04, 1 - 0.05 * (i - 1) + 0.04);
    }
    for (int caller = 0; caller < 1000; caller++) {
      boolean loses = lossMillis(caller) > 50;
      boolean stays = spill.keeps(90, lossMillis(caller), caller, nowNanos);
      assertThat(stays || !loses).as("caller " + caller).isTrue();
      assertThat(stays && lossMillis(caller) < 10).as("caller " + caller).isFalse();
    }
  }

  @Test
  void they_come_back_below_seven_tenths_and_nobody_moves_in_between() {
    for (int i = 0; i < 6; i++) {
      second(90);
    }
    double kept = second(75);
    for (int i = 0; i < 6; i++) {
      assertThat(second(75)).isBetween(kept - 0.05, kept + 0.05);
    }
    for (int i = 0; i < 8; i++) {
      second(50);
    }
    assertThat(second(50)).isEqualTo(1);
  }

  @Test
  void looking_at_it_changes_nothing() {
    for (int i = 0; i < 6; i++) {
      second(90);
    }
    double load = spill.load();
    for (int caller = 0; caller < 1000; caller++) {
      boolean stays = spill.stays(lossMillis(caller), caller);
      assertThat(spill.stays(lossMillis(caller), caller)).isEqualTo(stays);
    }
    assertThat(spill.load()).isEqualTo(load);
    for (int caller = 0; caller < 1000; caller++) {
      boolean foretold = spill.stays(lossMillis(caller), caller);
      assertThat(spill.keeps(90, lossMillis(caller), caller, nowNanos)).isEqualTo(foretold);
    }
  }
}
