package app.avalo.gateway.filter.budget;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.pace.Forecast;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

/** When the money will be gone if nobody is slowed, told from the 11th of November 2026. */
class ExhaustionTest {
  private static final ServiceConfig AI = BudgetSample.service("ai", Priority.NORMAL);
  private static final long AN_HOUR = 1_000; // micro-units
  private static final int DAYS = 10;

  private final VirtualTime time =
      new VirtualTime(Instant.parse("2026-11-01T00:00:00Z").toEpochMilli());
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);

  /** After ten days in which these hours of the day each asked for the same. */
  private Forecast after(BudgetConfig budget, IntPredicate busy) {
    Plan plan = Plans.minimal().service(AI).budget(budget).compile();
    ledger.configure(plan);
    for (int hour = 0; hour < DAYS * 24; hour++) {
      if (busy.test(hour % 24)) {
        Hold hold = (Hold) ledger.reserve(BudgetSample.ask(List.of(budget), AI));
        ledger.settle(hold, new long[] {AN_HOUR}, ledger.nowMillis());
      }
      time.advance(Duration.ofHours(1));
    }
    ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    return ledger.view(plan).get(0).forecast();
  }

  private static BudgetConfig budget(long amount) {
    return BudgetSample.budget("ai", amount, BudgetSample.byHeader("X-Cost", 1));
  }

  private static void assertWithinAnHour(Forecast forecast, String expected) {
    Duration off =
        Duration.between(Instant.parse(expected), Instant.ofEpochMilli(forecast.exhaustedMillis()));
    assertThat(off.abs()).isLessThanOrEqualTo(Duration.ofHours(1));
  }

  @Test
  void ofASteadyDemandItIsToldToTheHour() {
    Forecast forecast = after(budget(500 * AN_HOUR), hour -> true);

    assertThat(forecast.spent()).isBetween(719 * AN_HOUR, 721 * AN_HOUR);
    assertThat(forecast.perHour()).isBetween(AN_HOUR - 5, AN_HOUR + 5);
    assertWithinAnHour(forecast, "2026-11-21T20:00:00Z");
  }

  @Test
  void nightsInWhichNobodyAsksPutItOff() {
    // Sixteen days of twelve busy hours, and eight and a half of the next from eight on.
    Forecast forecast = after(budget(16 * 12 * AN_HOUR + 8_500), hour -> hour >= 8 && hour < 20);

    assertWithinAnHour(forecast, "2026-11-17T16:30:00Z");
  }

  @Test
  void moneyThatLastsHasNoSuchMoment() {
    assertThat(after(budget(721 * AN_HOUR), hour -> true).exhaustedMillis()).isZero();
  }
}
