package app.avalo.gateway.filter.limit.bucket;

import static app.avalo.gateway.filter.limit.Policies.all;
import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CompactPartTest {
  private static final int KEYS = 1000;

  /** Seeds for which both rows of a key were full, and of all their buckets the other rows too. */
  private static final long[] SEEDS = {1988, 3273, 4483, 5145, 6171};

  @Test
  void nobodyIsPushedOutWhileThereIsRoom() {
    Shape shape = Shape.of(all(perMinute(100)));
    for (long seed : SEEDS) {
      SplittableRandom random = new SplittableRandom(seed);
      CompactPart part = new CompactPart(shape, new Room(1 << 20));
      for (int i = 0; i < KEYS; i++) {
        part.take(random.nextLong() | 1, shape, 1, 0, new Reading());
      }

      assertThat(part.size()).as("seed %s", seed).isEqualTo(KEYS);
    }
  }
}
