package app.avalo.gateway.filter.limit.shared;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.RedisAway;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.time.VirtualTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an event loop makes of the tokens that it was lent. */
class LeaseTest {
  private static final long MILLI_NANOS = 1_000_000L;

  /** A unit is a token, and one comes back each microsecond. */
  private static final Shape SHAPE = Shape.of(Policies.all(Policies.perMinute(60_000_000)));

  private final Lease lease = new Lease(new BucketKey(), "a", 1, 0);

  @Test
  void whatIsSpentAndPutBackWasNeverAskedFor() {
    lease.granted(new LeaseCall.Grant(0, 20, 0, 1, 0, new long[1]), 0, 0);

    for (int i = 0; i < 1000; i++) {
      assertThat(lease.spend(1, MILLI_NANOS)).isTrue();
      lease.untake(1);
    }

    assertThat(lease.held(MILLI_NANOS)).isEqualTo(20);
    LeaseCall.Wish wish = lease.wish(List.of(), 100, 1, 50 * MILLI_NANOS);
    assertThat(wish.demand()).isZero();
    assertThat(wish.kept() + wish.returned()).isEqualTo(20);
  }

  @ParameterizedTest
  @CsvSource({"0, 200", "29999000, 200", "30001000, 100", "60000000, 100"})
  void aBucketThatIsHalfFullIsLeasedForTwiceAsLong(long missing, long held) {
    LeaseCall redis = new LeaseCall(new RedisAway(new VirtualTime()), "", SHAPE, 100_000);
    lease.granted(new LeaseCall.Grant(0, 150, 0, 1, 0, new long[] {missing}), 0, 0);
    lease.conclude(redis);
    for (int i = 0; i < 100; i++) {
      assertThat(lease.spend(1, i * MILLI_NANOS)).isTrue();
    }

    LeaseCall.Wish wish = lease.wish(List.of(), redis.most(), 1, 100 * MILLI_NANOS);

    assertThat(wish.demand()).isEqualTo(1000);
    assertThat(wish.kept() + wish.ahead()).isEqualTo(held);
  }
}
