package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.TimeOut;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Who is known of those that go on after refusals, when they are too many. */
class OffendersTest {
  private static final LimitConfig POLICY = Policies.named("calls").build();
  private static final TimeOut THREE =
      new TimeOut(3, Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofHours(1));

  private final VirtualTime time = new VirtualTime();
  private final Offenders offenders = new Offenders(time);

  private static BucketKey user(String name) {
    return Objects.requireNonNull(BucketKey.parse(POLICY, "", "u=" + name));
  }

  /** Told to come back in a second, and so many times more, as it did not wait. */
  private void refused(String name, int more) {
    for (int i = 0; i <= more; i++) {
      offenders.refused(user(name), Duration.ofSeconds(1).toNanos(), THREE);
    }
  }

  private boolean isShutOut(String name) {
    return offenders.shutNanos(user(name)) > 0;
  }

  @Test
  void behindTenThousandWhoStoppedANewcomerIsShutOutAllTheSame() {
    for (int i = 0; i < Offenders.MOST; i++) {
      refused("once" + i, 0);
    }

    refused("mallory", 3);

    assertThat(isShutOut("mallory")).isTrue();
  }

  @Test
  void whoComesBackWhenItWasToldIsNeverShutOut() {
    for (int i = 0; i < 100; i++) {
      offenders.refused(user("alice"), Duration.ofSeconds(1).toNanos(), THREE);
      time.advance(Duration.ofSeconds(1));
    }

    assertThat(isShutOut("alice")).isFalse();
  }

  @Test
  void aTimeOutIsNotOverBeforeTheBucketWouldLetPass() {
    long day = Duration.ofDays(1).toNanos();
    for (int i = 0; i < 4; i++) {
      offenders.refused(user("mallory"), day, THREE);
    }

    assertThat(offenders.shutNanos(user("mallory"))).isEqualTo(day);
    time.advance(Duration.ofMinutes(5));
    assertThat(isShutOut("mallory")).as("by its bucket only").isFalse();
  }

  @Test
  void aFloodOfNewcomersMakesNobodyUnknownWhoIsShutOut() {
    refused("mallory", 3);

    for (int i = 0; i < 3 * Offenders.MOST; i++) {
      refused("once" + i, 0);
    }

    assertThat(isShutOut("mallory")).isTrue();
    assertThat(offenders.known()).isLessThanOrEqualTo(Offenders.MOST);
  }

  @Test
  void behindTenThousandWhoAreShutOutANewcomerIsLimitedOnlyUntilTheirTimeIsOver() {
    for (int i = 0; i < Offenders.MOST; i++) {
      refused("shut" + i, 3);
    }
    refused("mallory", 3);
    assertThat(isShutOut("mallory")).isFalse();
    time.advance(Duration.ofHours(2));

    refused("mallory", 3);

    assertThat(isShutOut("mallory")).isTrue();
  }
}
