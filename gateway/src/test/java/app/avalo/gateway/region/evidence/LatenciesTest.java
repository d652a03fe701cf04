package app.avalo.gateway.region.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LatenciesTest {
  private final LatencyCounts counts = new LatencyCounts();
  private final Latencies latencies = new Latencies();

  private void windows(int many, int millis) {
    for (int window = 0; window < many; window++) {
      for (int i = 0; i < 200; i++) {
        counts.add(millis * 1_000_000L);
      }
      latencies.roll(counts);
    }
  }

  @Test
  void whatIsSlowBecomesUsualOnlyAfterTenMinutes() {
    windows(60, 10);
    windows(59, 100);
    assertThat(latencies.isSlow()).isTrue();
    windows(60, 100);
    assertThat(latencies.isSlow()).isFalse();
  }

  @Test
  void twiceAsLongIsNotSlow() {
    windows(60, 10);
    windows(1, 20);
    assertThat(latencies.isSlow()).isFalse();
  }
}
