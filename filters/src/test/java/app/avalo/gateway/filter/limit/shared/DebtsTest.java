package app.avalo.gateway.filter.limit.shared;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DebtsTest {
  private static final Shape MINUTE = Shape.of(Policies.all(Policies.perMinute(10)));
  private static final Shape DAY = Shape.of(Policies.all(Policies.per(10, Duration.ofDays(1), 10)));

  private final VirtualTime time = new VirtualTime();
  private final Debts debts = new Debts(time);

  @Test
  void whatIsOwedAddsUpAndIsSettledOnce() {
    debts.owe("a", 3, MINUTE);
    debts.owe("a", 2, MINUTE);
    debts.owe("b", 2, MINUTE);
    debts.owe("b", -2, MINUTE);

    assertThat(debts.size()).as("nothing is owed to b").isEqualTo(1);
    assertThat(debts.settle("a")).isEqualTo(5);
    assertThat(debts.settle("a")).isZero();
  }

  @Test
  void whatTheBucketHasEarnedBackIsOwedNoMore() {
    debts.owe("a", 5, MINUTE);
    debts.owe("b", 5, MINUTE);
    debts.owe("c", 5, DAY);
    time.advance(Duration.ofSeconds(61));
    debts.owe("b", 1, MINUTE);

    assertThat(debts.settle("a")).isZero();
    assertThat(debts.settle("b")).isEqualTo(1);
    assertThat(debts.settle("c")).isEqualTo(5);
  }

  @Test
  void aFloodOfKeysThatNeverReturnMakesRoomOnceItIsEarnedBack() {
    for (int i = 0; i < 50_000; i++) {
      debts.owe("once" + i, 1, MINUTE);
    }
    debts.owe("late", 1, DAY);
    assertThat(debts.settle("late")).as("no room").isZero();

    time.advance(Duration.ofSeconds(61));
    debts.owe("later", 1, DAY);

    assertThat(debts.size()).isEqualTo(1);
    assertThat(debts.settle("later")).isEqualTo(1);
  }
}
