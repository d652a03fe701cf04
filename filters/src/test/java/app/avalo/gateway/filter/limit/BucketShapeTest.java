package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class BucketShapeTest {
  @Test
  void theUsualRatesAreSmallWholeNumbers() {
    assertThat(BucketShape.of(Policies.perMinute(100))).isEqualTo(new BucketShape(100, 600_000, 1));
    assertThat(BucketShape.of(Policies.per(1000, Duration.ofSeconds(1), 2000)))
        .isEqualTo(new BucketShape(2000, 1000, 1));
  }

  @Property
  void everyRateStaysExactInADoubleAndIsNeverExceeded(
      @ForAll @LongRange(min = 1, max = 1_000_000_000_000L) long count,
      @ForAll @LongRange(min = 1, max = 31_536_000_000L) long periodMillis,
      @ForAll @LongRange(min = 1, max = 1_000_000_000_000L) long burst) {
    Duration period = Duration.ofMillis(periodMillis);
    long possible = Math.min(count, period.toNanos());
    BucketShape shape = BucketShape.of(Policies.per(possible, period, burst));

    assertThat(shape.capacityUnits()).isPositive().isLessThanOrEqualTo(1L << 52);
    double asked = (double) possible / (periodMillis * 1000.0);
    double granted = (double) shape.unitsPerMicro() / shape.unitsPerToken();
    assertThat(granted).isLessThanOrEqualTo(asked * (1 + 1e-12));
  }
}
