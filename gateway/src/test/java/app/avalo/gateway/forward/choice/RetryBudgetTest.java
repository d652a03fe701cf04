package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
  @Property(tries = 200)
  void retries_never_exceed_a_fifth_of_the_traffic_plus_the_floor(@ForAll long seed) {
    Random random = new Random(seed);
    long now = random.nextLong() >> 2;
    long start = now;
    RetryBudget budget = new RetryBudget(now);
    int requests = 0;
    int retries = 0;
    for (int i = 0; i < 5000; i++) {
      if (random.nextInt(3) == 0) {
        budget.earn(now);
        requests++;
      }
      now += random.nextInt(2_000_000);
      retries += budget.spend(RetryBudget.PRICE, now) ? 1 : 0;
      double bound = 100 + 0.2 * requests + 10 * (now - start) * 1e-9;
      assertThat((double) retries).as("seed " + seed).isLessThanOrEqualTo(bound + 1e-6);
    }
  }

  @Test
  void without_traffic_the_floor_is_left() {
    RetryBudget budget = new RetryBudget(0);
    while (budget.spend(RetryBudget.PRICE, 0)) {
      // Until it is empty.
    }
    assertThat(budget.spend(RetryBudget.PRICE, 50_000_000)).isFalse();
    assertThat(budget.spend(RetryBudget.PRICE, 150_000_000)).isTrue();
    assertThat(budget.spend(RetryBudget.PRICE, 150_000_000)).isFalse();
  }

  @Test
  void an_outage_after_long_traffic_adds_less_than_a_tenth() {
    RetryBudget budget = new RetryBudget(0);
    long now = 0;
    int extra = 0;
    for (int i = 0; i < 50_000; i++) {
      now += 4_000_000;
      budget.earn(now);
      boolean outage = i >= 45_000;
      extra += outage && budget.spend(RetryBudget.DOUBTFUL, now) ? 1 : 0;
    }
    assertThat(extra).isPositive().isLessThan(500);
  }
}
