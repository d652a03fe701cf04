package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.byHeader;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.pace.Forecast;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a gateway that owns its budgets alone learns of demand, hour by hour. */
class DemandSeenTest {
  private static final ServiceConfig AI = BudgetSample.service("ai", Priority.NORMAL);

  private final VirtualTime time = new VirtualTime(1_793_491_200_000L); // 1 November 2026
  private final List<Kind> told = new ArrayList<>();
  private final BudgetLedger ledger =
      BudgetLedger.alone(time, Journal.NONE, BudgetSample.heard(told));
  private final BudgetConfig budget = budget("ai", 100_000_000, byHeader("X-Cost", 1));

  private static Plan plan(BudgetConfig budget) {
    return Plans.minimal().service(AI).budget(budget).compile();
  }

  private Forecast forecast(BudgetConfig of) {
    return ledger.view(plan(of)).get(0).forecast();
  }

  private void spend(BudgetConfig from, long cost) {
    Hold hold = (Hold) ledger.reserve(BudgetSample.ask(List.of(from), AI));
    ledger.settle(hold, new long[] {cost}, ledger.nowMillis());
  }

  private void hours(BudgetConfig from, int hours, long cost) {
    for (int hour = 0; hour < hours; hour++) {
      spend(from, cost);
      time.advance(Duration.ofHours(1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 14, 21})
  void hoursInWhichNobodyAsksAreLearnedToo(int days) {
    ledger.configure(plan(budget));
    for (int day = 0; day < days; day++) {
      hours(budget, 12, 1_000);
      time.advance(Duration.ofHours(12));
    }

    Forecast forecast = forecast(budget);

    assertThat(forecast.spent() / 1_000.0 - days * 12)
        .as("of what is still to come")
        .isCloseTo((30 - days) * 12, within((30 - days) * 1.2));
  }

  @Test
  void aReloadThatChangesThePeriodGoesOnLearning() {
    ledger.configure(plan(budget));
    hours(budget, 48, 100);
    time.advance(Duration.ofMinutes(20));
    spend(budget, 100);
    BudgetConfig daily = BudgetSample.daily(budget);

    ledger.configure(plan(daily));
    hours(daily, 48, 10_000);

    assertThat(forecast(daily).perHour()).isGreaterThan(2_000);
  }

  @Test
  void theHourInWhichAReloadChangesThePeriodIsNotLearnedByHalves() {
    ledger.configure(plan(budget));
    hours(budget, 48, 100);
    spend(budget, 100);
    time.advance(Duration.ofMinutes(59));

    ledger.configure(plan(BudgetSample.daily(budget)));
    time.advance(Duration.ofMinutes(1));

    assertThat(forecast(BudgetSample.daily(budget)).perHour()).isEqualTo(100);
  }

  @Test
  void anHourAtNightIsAnAnomalyAndTheFirstRequestsOfAllAreNot() {
    ledger.configure(plan(budget));
    for (int hour = 0; hour < 48; hour++) {
      forecast(budget);
      time.advance(Duration.ofHours(1));
    }
    for (int day = 0; day < 10; day++) {
      hours(budget, 12, 1_000);
      time.advance(Duration.ofHours(12));
    }
    assertThat(told).isEmpty();

    time.advance(Duration.ofHours(15)); // three in the night
    spend(budget, 5_000);
    time.advance(Duration.ofHours(1));
    spend(budget, 1);

    assertThat(told).containsExactly(Kind.ANOMALY);
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 40})
  void aLeapOfTheClockAndItsReturnTeachNoSilence(long days) {
    ledger.configure(plan(budget));
    hours(budget, 8 * 24, 1_000);
    time.leap(Duration.ofDays(days));
    hours(budget, 3, 1_000);
    assertThat(forecast(budget).perHour()).as("ahead").isCloseTo(1_000, within(20L));

    time.leap(Duration.ofDays(-days));
    hours(budget, 3, 1_000);

    assertThat(forecast(budget).perHour()).isCloseTo(1_000, within(20L));
    assertThat(told).isEmpty();
    hours(budget, 72, 3_000);
    assertThat(forecast(budget).perHour()).as("it goes on learning").isGreaterThan(1_500);
  }

  @Test
  void aClockThatIsSetForwardForGoodTeachesNoSilence() {
    ledger.configure(plan(budget));
    hours(budget, 8 * 24, 1_000);
    time.leap(Duration.ofDays(7).plusMinutes(20));
    hours(budget, 24, 1_000);

    assertThat(forecast(budget).perHour()).isCloseTo(1_000, within(20L));
  }

  @Test
  void aClockThatWasSetBackFindsSharesForWhatIsLeftOfThePeriodAtOnce() {
    BudgetConfig paced = BudgetSample.paced("ai", 10_000_000, byHeader("X-Cost", 1));
    ledger.configure(plan(paced));
    for (int hour = 0; hour < 48; hour++) {
      if (ledger.reserve(BudgetSample.ask(List.of(paced), AI)) instanceof Hold hold) {
        ledger.settle(hold, new long[] {20_000}, ledger.nowMillis());
      }
      time.advance(Duration.ofHours(1));
    }
    double before = share(paced);
    assertThat(before).isBetween(0.6, 0.75);
    time.leap(Duration.ofDays(27).plusHours(23));
    assertThat(share(paced)).as("an hour before the end").isEqualTo(1);

    time.leap(Duration.ofDays(-27).minusHours(23));

    assertThat(share(paced)).isEqualTo(before);
  }

  private double share(BudgetConfig of) {
    return ledger.view(plan(of)).get(0).admittedShare();
  }
}
