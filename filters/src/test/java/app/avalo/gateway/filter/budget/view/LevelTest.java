package app.avalo.gateway.filter.budget.view;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static app.avalo.gateway.filter.budget.BudgetSample.priced;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LevelTest {
  private final BudgetConfig budget =
      priced(
          budget("ai", 100_000, flat(10_000)),
          List.of(new BudgetConfig.Price(List.of(), List.of("GET"), flat(1_000))));

  @ParameterizedTest
  @CsvSource({
    "69999, NORMAL", "70000, ALERT", "80000, THROTTLE", "90000, CRITICAL",
    "95000, CRITICAL", "99000, CRITICAL", "99001, EXHAUSTED", "100000, EXHAUSTED"
  })
  void aBudgetIsUsedUpWhenItDoesNotPayForTheCheapestRequest(long spent, Level level) {
    assertThat(Level.at(budget, spent, 100_000)).isEqualTo(level);
  }

  @Test
  void noLevelBeginsBeforeTheNextOneIsToBeLookedFor() {
    int steps = 0;
    for (long from = 0; from < 100_000; from++) {
      long next = Level.next(budget, from, 100_000);
      Level level = Level.at(budget, from, 100_000);
      for (long spent = from + 1; spent < next; spent += 97) {
        assertThat(Level.at(budget, spent, 100_000)).isEqualTo(level);
      }
      assertThat(Level.at(budget, Math.max(from, next - 1), 100_000)).isEqualTo(level);
      steps += next <= from ? 1 : 0;
    }
    assertThat(steps).as("spends at which each settlement has to look").isLessThan(1_100);
  }
}
