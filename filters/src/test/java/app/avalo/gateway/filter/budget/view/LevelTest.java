package app.avalo.gateway.filter.budget.view;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static app.avalo.gateway.filter.budget.BudgetSample.priced;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import java.util.List;
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
}
