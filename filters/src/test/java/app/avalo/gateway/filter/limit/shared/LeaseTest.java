package app.avalo.gateway.filter.limit.shared;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.limit.bucket.BucketKey;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an event loop makes of the tokens that it was lent. */
class LeaseTest {
  private static final long MILLI_NANOS = 1_000_000L;

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
}
