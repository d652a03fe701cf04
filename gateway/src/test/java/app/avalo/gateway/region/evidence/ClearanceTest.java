package app.avalo.gateway.region.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClearanceTest {
  private final Running totals = new Running();
  private final Clearance clearance = new Clearance(totals);

  private static final class Running implements Traffic.Totals {
    private final LatencyCounts latencies = new LatencyCounts();
    private long successes;
    private long failures;

    @Override
    public long sentSoFar() {
      return successes + failures;
    }

    @Override
    public long settledSoFar() {
      return successes + failures;
    }

    @Override
    public long successes() {
      return successes;
    }

    @Override
    public long failures() {
      return failures;
    }

    @Override
    public LatencyCounts latencies() {
      return latencies;
    }
  }

  @Test
  void fiveFailuresWithoutASuccessRefuteACheck() {
    totals.failures = 7;
    clearance.give();
    totals.failures += 4;
    assertThat(clearance.isRefuted()).isFalse();
    totals.failures++;
    assertThat(clearance.isRefuted()).isTrue();
  }

  @Test
  void aSuccessAmongThemSpeaksForTheCheck() {
    clearance.give();
    totals.failures += 3;
    totals.successes++;
    totals.failures += 3;
    assertThat(clearance.isRefuted()).isFalse();
  }
}
