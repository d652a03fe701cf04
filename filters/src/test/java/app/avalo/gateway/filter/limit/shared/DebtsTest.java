package app.avalo.gateway.filter.limit.shared;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.shared.Debts.Due;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DebtsTest {
  private static final Shape MINUTE = Shape.of(Policies.all(Policies.perMinute(10)));
  private static final Shape DAY = Shape.of(Policies.all(Policies.per(10, Duration.ofDays(1), 10)));

  private final VirtualTime time = new VirtualTime();
  private final Debts debts = new Debts(time);

  private void owe(String bucket, long tokens, Shape shape) {
    debts.owe(bucket, Due.of(tokens, 0), shape);
  }

  @Test
  void whatIsOwedAddsUpAndIsSettledOnce() {
    owe("a", 3, MINUTE);
    owe("a", 2, MINUTE);
    owe("b", 2, MINUTE);
    owe("b", -2, MINUTE);

    assertThat(debts.size()).as("nothing is owed to b").isEqualTo(1);
    assertThat(debts.settle("a").tokens()).isEqualTo(5);
    assertThat(debts.settle("a").tokens()).isZero();
  }

  @Test
  void whatTheBucketHasEarnedBackIsOwedNoMore() {
    owe("a", 5, MINUTE);
    owe("b", 5, MINUTE);
    owe("c", 5, DAY);
    time.advance(Duration.ofSeconds(61));
    owe("b", 1, MINUTE);

    assertThat(debts.settle("a").tokens()).isZero();
    assertThat(debts.settle("b").tokens()).isEqualTo(1);
    assertThat(debts.settle("c").tokens()).isEqualTo(5);
  }

  @Test
  void whatAShareLetPassIsPaidFirst() {
    debts.owe("a", new Due(3, 3), MINUTE);
    owe("a", 2, MINUTE);

    Due due = debts.settle("a");

    assertThat(due).isEqualTo(new Due(5, 3));
    assertThat(due.paid(1)).isEqualTo(new Due(1, 1));
    assertThat(due.less(due.paid(1))).isEqualTo(new Due(4, 2));
    assertThat(due.paid(9)).isEqualTo(due);
    assertThat(due.and(new Due(-3, -3))).as("refused elsewhere").isEqualTo(new Due(2, 0));
    assertThat(due.and(new Due(-7, -7)).paid(1)).isEqualTo(Due.NOTHING);
  }

  @Test
  void aFloodOfKeysThatNeverReturnMakesRoomOnceItIsEarnedBack() {
    for (int i = 0; i < 50_000; i++) {
      owe("once" + i, 1, MINUTE);
    }
    owe("late", 1, DAY);
    assertThat(debts.settle("late").tokens()).as("no room").isZero();

    time.advance(Duration.ofSeconds(61));
    owe("later", 1, DAY);

    assertThat(debts.size()).isEqualTo(1);
    assertThat(debts.settle("later").tokens()).isEqualTo(1);
  }
}
