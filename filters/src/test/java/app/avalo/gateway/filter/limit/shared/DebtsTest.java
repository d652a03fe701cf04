package app.avalo.gateway.filter.limit.shared;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.shared.Debts.Due;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class DebtsTest {
  private static final Shape MINUTE = Shape.of(Policies.all(Policies.perMinute(10)));
  private static final Shape DAY = Shape.of(Policies.all(Policies.per(10, Duration.ofDays(1), 10)));

  private static final long GOLDEN = 0x9e3779b97f4a7c15L;
  private static final long A = 1;
  private static final long B = 2;
  private static final long C = 3;

  private final VirtualTime time = new VirtualTime();
  private final Debts debts = new Debts(time);

  private void owe(long bucket, long tokens, Shape shape) {
    debts.owe(bucket, Due.of(tokens, 0), shape);
  }

  @Test
  void whatIsOwedAddsUpAndIsSettledOnce() {
    owe(A, 3, MINUTE);
    owe(A, 2, MINUTE);
    owe(B, 2, MINUTE);
    owe(B, -2, MINUTE);

    assertThat(debts.size()).as("nothing is owed to b").isEqualTo(1);
    assertThat(debts.settle(A).tokens()).isEqualTo(5);
    assertThat(debts.settle(A).tokens()).isZero();
  }

  @Test
  void whatTheBucketHasEarnedBackIsOwedNoMore() {
    owe(A, 5, MINUTE);
    owe(B, 5, MINUTE);
    owe(C, 5, DAY);
    time.advance(Duration.ofSeconds(61));
    owe(B, 1, MINUTE);

    assertThat(debts.settle(A).tokens()).isZero();
    assertThat(debts.settle(B).tokens()).isEqualTo(1);
    assertThat(debts.settle(C).tokens()).isEqualTo(5);
  }

  @Test
  void whatAShareLetPassIsPaidFirst() {
    debts.owe(A, new Due(3, 3), MINUTE);
    owe(A, 2, MINUTE);

    Due due = debts.settle(A);

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
      owe(1000 + i, 1, MINUTE);
    }
    owe(A, 1, DAY);
    assertThat(debts.settle(A).tokens()).as("no room").isZero();

    time.advance(Duration.ofSeconds(61));
    owe(B, 1, DAY);

    assertThat(debts.size()).isEqualTo(1);
    assertThat(debts.settle(B).tokens()).isEqualTo(1);
  }

  @Test
  void asManyAsALoopKeepsTakeTwoMebibytesAndThoseAreGivenBack() {
    for (int i = 0; i < 60_000; i++) {
      owe(i * GOLDEN, 1, DAY);
    }
    assertThat(debts.size()).isEqualTo(50_000);
    assertThat(debts.bytes()).isEqualTo(2 << 20);

    for (int i = 0; i < 50_000; i++) {
      assertThat(debts.settle(i * GOLDEN).tokens()).isEqualTo(1);
    }
    assertThat(debts.bytes()).isLessThan(1024);
  }

  @Test
  void thoseThatWereEarnedBackGiveTheirMemoryBackToo() {
    for (int i = 0; i < 50_000; i++) {
      owe(i * GOLDEN, 1, i % 100 == 0 ? DAY : MINUTE);
    }
    time.advance(Duration.ofSeconds(61));

    owe(A, 1, DAY);

    assertThat(debts.size()).isEqualTo(501);
    assertThat(debts.bytes()).isLessThan(64 << 10);
    for (int i = 0; i < 50_000; i += 100) {
      assertThat(debts.settle(i * GOLDEN).tokens()).isEqualTo(1);
    }
  }

  /** Hashes that stand in each other's way, as many others do; the last before the first place. */
  @Property(tries = 200)
  void isAsAMapWouldBe(@ForAll long seed) {
    Random random = new Random(seed);
    Debts debts = new Debts(time);
    Map<Long, Long> truth = new HashMap<>();
    int buckets = 1 + random.nextInt(200);
    for (int i = 0; i < 2000; i++) {
      long bucket = ((long) random.nextInt(buckets) << 32) - random.nextInt(3);
      if (random.nextInt(3) == 0) {
        Long due = truth.remove(bucket);
        assertThat(debts.settle(bucket).tokens()).isEqualTo(due == null ? 0 : due);
      } else {
        long tokens = random.nextInt(5) - 2;
        debts.owe(bucket, Due.of(tokens, 0), DAY);
        truth.merge(bucket, tokens, Long::sum);
        truth.remove(bucket, 0L);
      }
      assertThat(debts.size()).isEqualTo(truth.size());
    }
    truth.forEach((bucket, due) -> assertThat(debts.settle(bucket).tokens()).isEqualTo(due));
  }
}
