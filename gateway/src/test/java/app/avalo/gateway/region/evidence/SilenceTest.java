package app.avalo.gateway.region.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A service of which most answers take 10 ms, some 2 s, asked a hundred times a second. */
class SilenceTest {
  private static final long MILLI = 1_000_000;

  private final Silence silence = new Silence();
  private final Latencies latencies = new Latencies();
  private long nowNanos;
  private long sent;
  private long answered;

  @BeforeEach
  void usualTraffic() {
    LatencyCounts counts = new LatencyCounts();
    for (int i = 0; i < 1_000; i++) {
      counts.add(i % 20 == 0 ? 2_000 * MILLI : 10 * MILLI);
    }
    latencies.roll(counts);
    for (int i = 0; i < 100; i++) {
      sent += 5;
      answered += 5;
      assertThat(look(50)).isZero();
    }
  }

  private long look(int millis) {
    nowNanos += millis * MILLI;
    return silence.look(nowNanos, sent, answered, answered, latencies);
  }

  /** Milliseconds until it is told, at most five seconds. */
  private long told(int requestsEach50Millis) {
    long began = nowNanos;
    sent++;
    while (nowNanos - began < 5_000 * MILLI) {
      sent += requestsEach50Millis;
      if (look(50) > 0) {
        return (nowNanos - began) / MILLI;
      }
    }
    return -1;
  }

  @Test
  void whileRequestsKeepComingAGapThatCannotBeChanceIsTold() {
    assertThat(told(5)).isBetween(250L, 350L);
  }

  @Test
  void whereTheyHaveEndedTheLastOneIsGivenTheTimeThatTheSlowestUsuallyTake() {
    assertThat(told(0)).isBetween(3_500L, 5_000L);
  }
}
