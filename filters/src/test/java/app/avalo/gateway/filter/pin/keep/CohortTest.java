package app.avalo.gateway.filter.pin.keep;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.keep.Outlook.Fare;
import org.junit.jupiter.api.Test;

class CohortTest {
  private static final int EU = 0;
  private static final int US = 1;
  private final Cohort cohort = new Cohort();

  private void ended(int requests, boolean lately, boolean failed, long millis) {
    for (int i = 0; i < requests; i++) {
      cohort.ended(EU, lately, failed, VirtualTime.millis(millis));
    }
  }

  @Test
  void aRegionThatNobodyMovedToFaresWell() {
    ended(100, false, true, 5);
    assertThat(cohort.of(EU)).isEqualTo(Fare.WELL);
  }

  @Test
  void fewRequestsSayNothing() {
    ended(19, true, true, 5);
    assertThat(cohort.of(EU)).isEqualTo(Fare.WELL);
    ended(1, true, true, 5);
    assertThat(cohort.of(EU)).isEqualTo(Fare.BADLY);
    assertThat(cohort.of(US)).as("another region").isEqualTo(Fare.WELL);
  }

  @Test
  void moreErrorsThanTheOthersHaveAreBad() {
    ended(1000, false, false, 5);
    ended(197, true, false, 5);
    ended(2, true, true, 0);
    assertThat(cohort.of(EU)).isEqualTo(Fare.BADLY);
  }

  @Test
  void errorsThatEverybodyHasAreNotTheMoves() {
    ended(90, false, false, 5);
    ended(10, false, true, 0);
    ended(90, true, false, 5);
    ended(10, true, true, 0);
    assertThat(cohort.of(EU)).isEqualTo(Fare.WELL);
  }

  @Test
  void slowAnswersAreBadByComparisonOnly() {
    ended(1000, false, false, 10);
    ended(100, true, false, 12);
    assertThat(cohort.of(EU)).isEqualTo(Fare.WELL);
    ended(5, true, false, 40);
    assertThat(cohort.of(EU)).isEqualTo(Fare.BADLY);
  }

  @Test
  void whatIsTwoPeriodsOldIsForgotten() {
    ended(100, true, true, 5);
    cohort.roll();
    assertThat(cohort.of(EU)).isEqualTo(Fare.BADLY);
    cohort.roll();
    assertThat(cohort.of(EU)).isEqualTo(Fare.WELL);
  }
}
