package app.avalo.gateway.filter.limit.bucket;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.unit.Rate;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a shape says of tokens that others may be taking at this moment. */
class ShapeTest {
  private static Bandwidth per(Duration period, long count) {
    return new Bandwidth(new Rate(count, period), count);
  }

  private static Shape shape(Bandwidth... bandwidths) {
    return Shape.of(new Allowance(List.of(bandwidths)));
  }

  /** Whether so many of each band are enough for the cost. */
  private static boolean spares(Shape shape, long cost, long... tokens) {
    long[] missing = new long[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      missing[i] = (shape.band(i).capacity() - tokens[i]) * shape.band(i).unitsPerToken();
    }
    return shape.spares(missing, cost, new Reading());
  }

  @Test
  void halfOfTheBurstIsLeftToOthers() {
    Shape shape = shape(per(Duration.ofSeconds(1), 10));

    assertThat(spares(shape, 1, 6)).isTrue();
    assertThat(spares(shape, 1, 5)).isFalse();
    assertThat(spares(shape, 2, 6)).isFalse();
  }

  @Test
  void aFullBucketSparesWhateverFitsIntoIt() {
    for (int burst = 1; burst <= 4; burst++) {
      Shape shape = shape(per(Duration.ofSeconds(1), burst));
      for (int cost = 1; cost <= burst; cost++) {
        assertThat(spares(shape, cost, burst)).as(cost + " of " + burst).isTrue();
      }
      assertThat(spares(shape, burst + 1, burst)).isFalse();
      assertThat(spares(shape, burst, burst - 1)).isFalse();
    }
  }

  @Test
  void whatStaysForHigherPrioritiesCountsAsHalfOfTheBurst() {
    Shape shape = shape(per(Duration.ofSeconds(1), 10)).leaving(50, 1);
    Shape most = shape(per(Duration.ofSeconds(1), 10)).leaving(80, 1);

    assertThat(spares(shape, 1, 6)).isTrue();
    assertThat(spares(shape, 1, 5)).isFalse();
    assertThat(spares(most, 1, 9)).isTrue();
    assertThat(spares(most, 1, 8)).isFalse();
  }

  @Test
  void aLongBandNeedsNoMoreThanAShortOneLetsPassAtOnce() {
    Shape shape = shape(per(Duration.ofSeconds(1), 10), per(Duration.ofDays(1), 5000));

    assertThat(spares(shape, 1, 10, 6)).isTrue();
    assertThat(spares(shape, 1, 10, 5)).isFalse();
    assertThat(spares(shape, 1, 5, 5000)).isFalse();
  }
}
