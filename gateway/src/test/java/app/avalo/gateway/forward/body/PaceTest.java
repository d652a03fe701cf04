package app.avalo.gateway.forward.body;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ListenerConfig.MinRate;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Ten seconds in each of which a hundred bytes have to come; times are in seconds. */
class PaceTest {
  private final Pace pace = new Pace(new MinRate(Duration.ofSeconds(10), 100), 5_000);

  private static long at(long seconds) {
    return seconds * 1_000_000_000L;
  }

  @Test
  void too_little_in_a_window_is_slow_and_not_before_it_is_over() {
    pace.waits(at(0));

    assertThat(pace.isSlow(at(9), 5_999)).isFalse();
    assertThat(pace.isSlow(at(10), 5_999)).isTrue();
  }

  @Test
  void enough_in_a_window_begins_the_next_one_and_buys_no_rest_in_it() {
    pace.waits(at(0));

    assertThat(pace.isSlow(at(10), 900_000)).isFalse();
    assertThat(pace.nextCheckNanos(at(10))).isEqualTo(at(20));
    assertThat(pace.isSlow(at(20), 900_999)).isTrue();
  }

  @Test
  void time_that_was_not_the_clients_does_not_count() {
    pace.waits(at(0));
    pace.rests(at(4));

    assertThat(pace.isSlow(at(100), 5_000)).isFalse();
    assertThat(pace.nextCheckNanos(at(100))).isEqualTo(at(106));

    pace.waits(at(200));

    assertThat(pace.isSlow(at(205), 5_000)).isFalse();
    assertThat(pace.isSlow(at(206), 5_000)).isTrue();
  }

  @Test
  void a_wait_that_goes_on_is_not_begun_again() {
    pace.waits(at(0));
    pace.waits(at(6));

    assertThat(pace.isSlow(at(10), 5_000)).isTrue();
  }
}
