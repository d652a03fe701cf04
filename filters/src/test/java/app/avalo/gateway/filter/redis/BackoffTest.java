package app.avalo.gateway.filter.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final long[] CEILINGS = {50, 100, 200, 400, 500, 500, 500};

  private final Backoff backoff = new Backoff(new Random(4));

  private List<Long> next(int count) {
    return Stream.generate(() -> backoff.next().toMillis()).limit(count).toList();
  }

  @Test
  void eachWaitIsOfTheUpperHalfOfOneThatDoublesToHalfASecond() {
    for (int i = 0; i < 1000; i++) {
      List<Long> waits = next(CEILINGS.length);
      for (int at = 0; at < CEILINGS.length; at++) {
        assertThat(waits.get(at)).isBetween(CEILINGS[at] / 2, CEILINGS[at]);
      }
      backoff.reset();
    }
  }

  /** However long the outage was: who came back first has the limit for itself no longer. */
  @Test
  void gatewaysThatLostRedisTogetherComeBackWithinHalfASecondButNotTogether() {
    List<Long> last = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Backoff other = new Backoff(new Random(i));
      for (int at = 0; at < 20; at++) {
        other.next();
      }
      last.add(other.next().toMillis());
    }

    assertThat(last).allMatch(wait -> wait <= Duration.ofMillis(500).toMillis());
    assertThat(last.stream().distinct().count()).isGreaterThan(50);
  }
}
