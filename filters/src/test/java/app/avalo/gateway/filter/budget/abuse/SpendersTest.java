package app.avalo.gateway.filter.budget.abuse;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig.Abuse;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SpendersTest {
  private static final Abuse ABUSE = new Abuse(20, 1_000, Duration.ofHours(1));
  private static final long NOON = 12 * 3_600_000L;
  private final Spenders spenders = new Spenders();

  private void peers(int users, long each) {
    for (int i = 0; i < users; i++) {
      spenders.spent(ABUSE, "u" + i, each, NOON);
    }
  }

  @Test
  void whoSpendsFarMoreThanOthersIsPausedAndNobodyElse() {
    peers(50, 100);
    for (int i = 0; i < 19; i++) {
      spenders.spent(ABUSE, "mallory", 100, NOON);
    }
    assertThat(spenders.paused(NOON)).isEmpty();

    Spenders.Paused found = spenders.spent(ABUSE, "mallory", 200, NOON);

    assertThat(found).isEqualTo(new Spenders.Paused("mallory", 2_100, 100, NOON + 3_600_000));
    assertThat(spenders.paused(NOON)).containsExactly(found);
    assertThat(spenders.spent(ABUSE, "mallory", 200, NOON)).as("told once").isNull();
    assertThat(spenders.pauses()).isEqualTo(1);
    assertThat(spenders.pausedUntil("u1", NOON)).isZero();
    assertThat(spenders.pausedUntil("mallory", NOON + 3_600_000)).isZero();
  }

  @Test
  void withoutPeersOrBelowTheLeastNobodyIsPaused() {
    peers(9, 1);
    spenders.spent(ABUSE, "mallory", 1_000_000, NOON);
    assertThat(spenders.paused(NOON)).as("nine others").isEmpty();
    Spenders others = new Spenders();
    for (int i = 0; i < 50; i++) {
      others.spent(ABUSE, "u" + i, 1, NOON);
    }
    others.spent(ABUSE, "mallory", 999, NOON);
    assertThat(others.paused(NOON)).as("little money").isEmpty();
  }

  @Test
  void whoIsReleasedIsSparedAsLongAsItWouldHaveBeenPaused() {
    peers(50, 100);
    spenders.spent(ABUSE, "mallory", 50_000, NOON);
    assertThat(spenders.release("mallory")).isTrue();
    assertThat(spenders.release("mallory")).isFalse();

    spenders.spent(ABUSE, "mallory", 50_000, NOON + 1_000);
    assertThat(spenders.paused(NOON)).isEmpty();

    long later = NOON + 3_600_000;
    for (int i = 0; i < 50; i++) {
      spenders.spent(ABUSE, "u" + i, 100, later);
    }
    spenders.spent(ABUSE, "mallory", 50_000, later + 1);
    assertThat(spenders.paused(later)).hasSize(1);
  }

  @Test
  void aClockThatWasADayAheadForAMomentDoesNotMakeAnHourOfADay() {
    peers(50, 100);
    spenders.spent(ABUSE, "u0", 100, NOON + 24 * 3_600_000L);

    peers(50, 100);
    for (int hour = 0; hour < 20; hour++) {
      spenders.spent(ABUSE, "steady", 110, NOON + hour * 3_600_000L);
    }

    assertThat(spenders.pauses()).as("2,200 in twenty hours").isZero();
  }

  @Test
  void whoWasPausedWhileTheClockWasAWeekAheadIsNotPausedForAWeek() {
    long ahead = NOON + 7 * 24 * 3_600_000L;
    for (int i = 0; i < 50; i++) {
      spenders.spent(ABUSE, "u" + i, 100, ahead);
    }
    assertThat(spenders.spent(ABUSE, "mallory", 50_000, ahead)).isNotNull();

    spenders.spent(ABUSE, "u0", 100, NOON);

    assertThat(spenders.pausedUntil("mallory", NOON)).isZero();
  }

  @Test
  void anyNumberOfUsersFitsAndTheOneWhoMattersIsStillFound() {
    peers(100, 100);
    for (int i = 0; i < 30; i++) {
      spenders.spent(ABUSE, "mallory", 400, NOON);
      for (int j = 0; j < 4_000; j++) {
        spenders.spent(ABUSE, "crowd-" + i + "-" + j, 100, NOON);
      }
    }

    assertThat(spenders.paused(NOON))
        .extracting(Spenders.Paused::spender)
        .containsExactly("mallory");
  }

  @Test
  void whoSpendsNothingSaysNothingOfWhatIsUsual() {
    peers(50, 0);
    peers(9, 100);

    spenders.spent(ABUSE, "mallory", 50_000, NOON);

    assertThat(spenders.paused(NOON)).as("nine peers").isEmpty();
  }

  @Test
  void aFullTableMakesRoomForManySoThatNewcomersDoNotEachCostALookAtAll() {
    peers(4_095, 1_000);
    spenders.spent(ABUSE, "below the mean", 1, NOON);

    spenders.spent(ABUSE, "newcomer", 1, NOON);

    assertThat(spenders.known()).isLessThan(3_600);
  }
}
