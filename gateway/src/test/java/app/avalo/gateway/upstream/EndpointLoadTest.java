package app.avalo.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EndpointLoadTest {
  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1000 * MILLI;

  private final EndpointLoad load = new EndpointLoad();

  @Test
  void a_slow_answer_counts_at_once_and_is_forgotten_bit_by_bit() {
    load.took(10 * MILLI, SECOND);
    load.took(500 * MILLI, SECOND + MILLI);
    assertThat(load.latencyNanos(SECOND + MILLI)).isEqualTo(500.0 * MILLI);
    assertThat(load.latencyNanos(21 * SECOND)).isBetween(60.0 * MILLI, 75.0 * MILLI);
    load.took(10 * MILLI, 41 * SECOND);
    assertThat(load.latencyNanos(41 * SECOND)).isBetween(10.0 * MILLI, 12.0 * MILLI);
  }

  @Test
  void five_requests_in_a_row_that_others_answered_for_a_tenth_of_a_second_make_it_silent() {
    for (int i = 0; i < 4; i++) {
      assertThat(load.outrun(i * MILLI, 200 * MILLI)).isFalse();
    }
    assertThat(load.outrun(4 * MILLI, 99 * MILLI)).isFalse();
    assertThat(load.outrun(5 * MILLI, 100 * MILLI)).isTrue();
    assertThat(load.outrun(6 * MILLI, 200 * MILLI)).isFalse();
  }

  @Test
  void one_answer_shows_that_it_is_not_silent() {
    for (int i = 0; i < 4; i++) {
      load.outrun(0, 200 * MILLI);
    }
    load.answered();
    assertThat(load.outrun(0, 200 * MILLI)).isFalse();
  }

  @Test
  void it_begins_with_a_tenth_of_its_share_and_again_once_it_was_lost() {
    long slow = 10 * SECOND;
    assertThat(load.warmth(5 * SECOND, slow)).isEqualTo(102);
    assertThat(load.warmth(10 * SECOND, slow)).isEqualTo(563);
    assertThat(load.warmth(15 * SECOND, slow)).isEqualTo(EndpointLoad.WARM);
    load.took(MILLI, 15 * SECOND);
    load.lost();
    assertThat(load.warmth(20 * SECOND, slow)).isEqualTo(102);
    assertThat(load.latencyNanos(20 * SECOND)).isZero();
  }
}
