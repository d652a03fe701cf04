package app.avalo.gateway.region.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PenaltyTest {
  private final VirtualTime time = new VirtualTime();
  private final Penalty penalty = new Penalty(time);

  private long lostAfter(Duration calm) {
    time.advance(calm);
    penalty.lost();
    return penalty.stretch(Duration.ofSeconds(5)).toSeconds();
  }

  @Test
  void eachLossDoublesTheTimeOutUpToSixteenFold() {
    List<Long> seconds = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      seconds.add(lostAfter(Duration.ofMinutes(9)));
    }
    assertThat(seconds).containsExactly(5L, 10L, 20L, 40L, 80L, 80L, 80L, 80L);
  }

  @Test
  void tenCalmMinutesForgiveAll() {
    lostAfter(Duration.ofMinutes(1));
    lostAfter(Duration.ofMinutes(1));
    assertThat(lostAfter(Duration.ofMinutes(10))).isEqualTo(20);
    assertThat(lostAfter(Duration.ofMinutes(10).plusMillis(1))).isEqualTo(5);
    assertThat(penalty.times()).isOne();
  }
}
