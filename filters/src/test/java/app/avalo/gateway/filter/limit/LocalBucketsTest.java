package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LocalBucketsTest {
  private final VirtualTime time = new VirtualTime();

  private static BucketKey user(LimitConfig policy, String name) {
    BucketKey key = BucketKey.parse(policy, "", "u=" + name);
    assertThat(key).isNotNull();
    return key;
  }

  private static LimitVerdict take(LocalBuckets buckets, LimitConfig policy, String user) {
    return buckets.take(user(policy, user), policy, policy.bandwidth()).result();
  }

  @Property(tries = 300)
  void decidesAsTheOracleDoes(
      @ForAll @LongRange(min = 1, max = 1_000_000) long count,
      @ForAll @LongRange(min = 1, max = 86_400_000) long periodMillis,
      @ForAll @LongRange(min = 1, max = 1000) long burst,
      @ForAll @Size(40) List<@LongRange(min = 0, max = 3_000_000) Long> pausesMicros) {
    VirtualTime time = new VirtualTime();
    Bandwidth bandwidth = Policies.per(count, Duration.ofMillis(periodMillis), burst);
    int cost = (int) Math.min(burst, 1 + count % 3);
    LimitConfig policy = Policies.named("p").of(bandwidth).cost(cost).build();
    LocalBuckets buckets = new LocalBuckets(time, 10);
    Oracle oracle = new Oracle(bandwidth, time.nanos());

    for (long pause : pausesMicros) {
      time.advance(Duration.ofNanos(1000 * pause));
      for (int i = 0; i < 1 + pause % 7; i++) {
        LimitVerdict verdict = take(buckets, policy, "a");
        assertThat(verdict.allowed()).isEqualTo(oracle.take(cost, time.nanos()));
        assertThat(verdict.remaining()).isEqualTo(oracle.remaining());
        long wait = verdict.allowed() ? 0 : oracle.nanosUntil(cost);
        assertThat(verdict.retryAfterNanos()).isBetween(wait, wait + 1);
        long reset = oracle.nanosUntil(burst);
        assertThat(verdict.resetNanos()).isBetween(reset - 1, reset + 1);
      }
      if (pause % 5 == 0) {
        buckets.giveBack(user(policy, "a"), policy, bandwidth);
        oracle.giveBack(cost, time.nanos());
      }
    }
  }

  @Property(tries = 200)
  void neverAdmitsMoreThanBurstAndRefillInAnyWindow(
      @ForAll @IntRange(min = 1, max = 50) int count,
      @ForAll @IntRange(min = 1, max = 50) int burst,
      @ForAll @Size(200) List<@IntRange(min = 0, max = 200) Integer> pausesMillis) {
    VirtualTime time = new VirtualTime();
    Bandwidth bandwidth = Policies.per(count, Duration.ofSeconds(1), burst);
    LimitConfig policy = Policies.named("p").of(bandwidth).build();
    LocalBuckets buckets = new LocalBuckets(time, 10);
    ArrayDeque<Long> admitted = new ArrayDeque<>();

    for (int pause : pausesMillis) {
      time.advance(Duration.ofMillis(pause));
      for (int i = 0; i < 3; i++) {
        if (take(buckets, policy, "a").allowed()) {
          admitted.add(time.nanos());
        }
      }
    }

    Long[] times = admitted.toArray(Long[]::new);
    for (int from = 0; from < times.length; from++) {
      for (int to = from; to < times.length; to++) {
        double refilled = (double) count * (times[to] - times[from]) / 1e9;
        assertThat((double) (to - from + 1)).isLessThanOrEqualTo(burst + refilled + 1e-6);
      }
    }
  }

  @Test
  void aFloodOfNewKeysNeitherGrowsMemoryNorResetsAUsedUpBucket() {
    LimitConfig policy = Policies.named("p").of(Policies.perMinute(20)).build();
    LocalBuckets buckets = new LocalBuckets(time, 1000);
    for (int i = 0; i < 30; i++) {
      take(buckets, policy, "attacker");
    }

    int passed = 0;
    for (int i = 0; i < 100_000; i++) {
      take(buckets, policy, "flood" + i);
      if (i % 20 == 0) {
        passed += take(buckets, policy, "attacker").allowed() ? 1 : 0;
      }
    }
    buckets.settle();

    assertThat(passed).isZero();
    assertThat(buckets.size()).isLessThanOrEqualTo(1000);
  }

  @Test
  void aBucketIsForgottenOnceItIsFullAndNotBefore() {
    LimitConfig policy = Policies.named("p").of(Policies.perMinute(60)).build();
    LocalBuckets buckets = new LocalBuckets(time, 1000);
    for (int i = 0; i < 60; i++) {
      take(buckets, policy, "a");
    }

    time.advance(Duration.ofSeconds(59));
    buckets.settle();
    assertThat(take(buckets, policy, "a").remaining()).isEqualTo(58);
    time.advance(Duration.ofMinutes(3));
    buckets.settle();
    assertThat(buckets.size()).isZero();
  }

  @Test
  void resettingFillsABucket() {
    LimitConfig policy = Policies.named("p").of(Policies.perMinute(5)).build();
    LocalBuckets buckets = new LocalBuckets(time, 1000);
    take(buckets, policy, "a");

    buckets.reset(user(policy, "a"));

    assertThat(take(buckets, policy, "a").remaining()).isEqualTo(4);
  }

  @Test
  void smallHeapsHoldFewerBuckets() {
    assertThat(Limits.mostBuckets(64L << 20)).isBetween(5_000L, 10_000L);
    assertThat(Limits.mostBuckets(8L << 30)).isEqualTo(200_000);
  }
}
