package app.avalo.gateway.filter.budget;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig.Mode;
import app.avalo.gateway.filter.budget.PacedMonth.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole months of demand in virtual time. */
class PacedMonthTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void pacedServesCriticalServicesToTheEndOfAMonthOfHalfAsMuchAgain(long seed) {
    Outcome month = PacedMonth.play(Mode.PACED, 1.5, 1, 12, seed);

    assertThat(month.critical()).isGreaterThan(0.99);
    assertThat(month.other()).isGreaterThan(0.40);
    assertThat(month.dark()).isZero();
    assertThat(month.spent()).isBetween(0.98, 1.0);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void thresholdsNeverLeaveThemInTheDark(long seed) {
    Outcome month = PacedMonth.play(Mode.THRESHOLDS, 1.5, 1, 12, seed);

    assertThat(month.critical()).isGreaterThan(0.85);
    assertThat(month.dark()).isZero();
    assertThat(month.spent()).isBetween(0.98, 1.0);
  }

  @Test
  void aMonthWithinTheBudgetIsHardlySlowed() {
    Outcome paced = PacedMonth.play(Mode.PACED, 0.9, 1, 12, 3);
    Outcome thresholds = PacedMonth.play(Mode.THRESHOLDS, 0.9, 1, 12, 3);

    assertThat(paced.critical()).isGreaterThan(0.9999);
    assertThat(paced.other()).isGreaterThan(0.997);
    assertThat(thresholds.critical()).isGreaterThan(0.9999);
    assertThat(thresholds.other()).isGreaterThan(0.97);
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5})
  void fromTheTenthDayOnTheForecastOfTheMonthIsWithinATwentieth(long seed) {
    assertThat(PacedMonth.play(Mode.PACED, 1.5, 1, 12, seed).forecast()).isLessThan(0.05);
    assertThat(PacedMonth.play(Mode.THRESHOLDS, 0.9, 1, 12, seed).forecast()).isLessThan(0.05);
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5})
  void whereNobodyIsSlowedTheForecastIsWhatWillBeSpent(long seed) {
    Outcome month = PacedMonth.play(Mode.PACED, 0.9, 1, 12, seed);

    assertThat(month.forecastOfSpent()).isLessThan(0.05);
  }

  @Test
  void whereManyAreSlowedTheForecastSaysWhatItWouldBeIfNobodyWere() {
    Outcome month = PacedMonth.play(Mode.PACED, 1.5, 1, 12, 4);

    assertThat(month.spent()).isLessThan(1.0);
    assertThat(month.forecastOfSpent()).as("beyond what is spent").isGreaterThan(0.2);
  }

  @Test
  void theForecastsBandHoldsTheMonthsEndAsOftenAsItSaysAndAnOrdinaryHourIsNoAnomaly() {
    double inBand = 0;
    for (long seed = 1; seed <= 10; seed++) {
      Outcome month = PacedMonth.play(Mode.PACED, 0.9, 1, 4, seed);
      inBand += month.inBand() / 10;
      assertThat(month.anomalies()).as("seed %d", seed).isEmpty();
    }

    assertThat(inBand).as("a tenth below, a tenth above").isBetween(0.7, 0.9);
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 8})
  void halfADayOfSixTimesTheUsualIsToldOnThatDay(long seed) {
    assertThat(PacedMonth.play(Mode.PACED, 0.9, 6, 4, seed).anomalies()).containsExactly(13);
  }

  @Test
  void aMonthThatMissesWhatItMustIsNamed() {
    Outcome short79 = new Outcome(0.79, 0.94, 1, 0.11, 0.11, 1, 0.8, List.of());
    Outcome good = new Outcome(0.98, 0.99, 0, 0.1, 0.1, 1, 0.8, List.of());
    for (Mode mode : Mode.values()) {
      assertThat(PacedMonth.missed(mode, 1.5, 1, short79))
          .extracting(missed -> missed.replaceAll(" [0-9].*", ""))
          .containsExactly("critical served", "dark hours", "forecast off");
      assertThat(PacedMonth.missed(mode, 0.9, 1, short79))
          .extracting(missed -> missed.replaceAll(" [0-9].*", ""))
          .containsExactly("others served", "forecast off what was spent", "forecast off");
      assertThat(PacedMonth.missed(mode, 1.5, 1, good)).isEmpty();
      assertThat(PacedMonth.missed(mode, 0.9, 1, good)).isEmpty();
      assertThat(PacedMonth.missed(mode, 3, 1, short79)).isEmpty();
    }
  }

  @Test
  void whenDemandIsThreeTimesTheBudgetNoHourIsDark() {
    Outcome month = PacedMonth.play(Mode.PACED, 3, 1, 12, 6);

    assertThat(month.critical()).isGreaterThan(0.78);
    assertThat(month.dark()).isZero();
  }
}
