package app.avalo.gateway.filter.limit.bucket;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.limit.Policies;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class BandTest {
  @Test
  void theUsualRatesAreSmallWholeNumbers() {
    assertThat(Band.of(Policies.perMinute(100))).isEqualTo(new Band(100, 600_000, 1, 60_000_000));
    assertThat(Band.of(Policies.per(1000, Duration.ofSeconds(1), 2000)))
        .isEqualTo(new Band(2000, 1000, 1, 1_000_000));
  }

  @Property
  void everyRateStaysExactInADoubleAndIsNeverExceeded(
      @ForAll @LongRange(min = 1, max = 1_000_000_000_000L) long count,
      @ForAll @LongRange(min = 1, max = 31_536_000_000L) long periodMillis,
      @ForAll @LongRange(min = 1, max = 1_000_000_000_000L) long burst) {
    Duration period = Duration.ofMillis(periodMillis);
    long possible = Math.min(count, period.toNanos());
    Band band = Band.of(Policies.per(possible, period, burst));

    assertThat(band.capacityUnits()).isPositive().isLessThanOrEqualTo(1L << 52);
    double asked = (double) possible / (periodMillis * 1000.0);
    double granted = (double) band.unitsPerMicro() / band.unitsPerToken();
    assertThat(granted).isLessThanOrEqualTo(asked * (1 + 1e-12));
  }
}
