package app.avalo.gateway.filter.limit.bucket;

import static app.avalo.gateway.filter.limit.Policies.all;
import static app.avalo.gateway.filter.limit.Policies.per;
import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What all buckets of this process must do, whichever keeps them. */
class LocalBucketsTest {
  /** Who keeps them. */
  enum Store {
    FEW {
      @Override
      LocalBuckets make(Shape shape, VirtualTime time) {
        return new FewBuckets(time);
      }
    },
    MANY {
      @Override
      LocalBuckets make(Shape shape, VirtualTime time) {
        return new CompactBuckets(shape, time, new Room(1 << 20));
      }
    };

    abstract LocalBuckets make(Shape shape, VirtualTime time);
  }

  private final VirtualTime time = new VirtualTime();
  private final Reading reading = new Reading();

  static BucketKey user(String name) {
    BucketKey key = BucketKey.parse(Policies.named("p").build(), "", "u=" + name);
    assertThat(key).isNotNull();
    return key;
  }

  private int passes(LocalBuckets buckets, Shape shape, int requests) {
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      passed += buckets.take(user("a"), shape, 1, reading) ? 1 : 0;
    }
    return passed;
  }

  @Property(tries = 300)
  void decidesAsTheOracleDoes(
      @ForAll Store store,
      @ForAll @LongRange(min = 1, max = 1_000_000) long count,
      @ForAll @LongRange(min = 1, max = 86_400_000) long periodMillis,
      @ForAll @LongRange(min = 3, max = 1000) long burst,
      @ForAll @Size(40) List<@LongRange(min = 0, max = 3_000_000) Long> pausesMicros) {
    VirtualTime time = new VirtualTime();
    Allowance allowance =
        all(
            per(1 + count % 20, Duration.ofSeconds(1), 5),
            per(count, Duration.ofMillis(periodMillis), burst));
    Shape shape = Shape.of(allowance);
    LocalBuckets buckets = store.make(shape, time);
    Oracle oracle = new Oracle(allowance, time.nanos());
    long cost = 1 + count % 3;

    for (long pause : pausesMicros) {
      time.advance(Duration.ofNanos(1000 * pause));
      for (int i = 0; i < 1 + pause % 7; i++) {
        boolean allowed = buckets.take(user("a"), shape, cost, reading);
        assertThat(allowed).isEqualTo(oracle.take(cost, time.nanos()));
        assertThat(reading.allowed()).isEqualTo(allowed);
        if (allowed) {
          assertThat(reading.remaining()).isEqualTo(oracle.remaining());
          assertThat(reading.retryAfterNanos()).isZero();
        } else {
          long wait = oracle.nanosUntil(cost);
          assertThat(reading.retryAfterNanos()).isBetween(wait, wait + 1000);
        }
      }
      if (pause % 5 == 0) {
        buckets.giveBack(user("a"), cost);
        oracle.giveBack(cost, time.nanos());
      }
    }
  }

  @Property(tries = 200)
  void neverAdmitsMoreThanBurstAndRefillInAnyWindow(
      @ForAll Store store,
      @ForAll @IntRange(min = 1, max = 50) int count,
      @ForAll @IntRange(min = 1, max = 50) int burst,
      @ForAll @Size(200) List<@IntRange(min = 0, max = 200) Integer> pausesMillis) {
    VirtualTime time = new VirtualTime();
    Shape shape = Shape.of(all(per(count, Duration.ofSeconds(1), burst)));
    LocalBuckets buckets = store.make(shape, time);
    ArrayDeque<Long> admitted = new ArrayDeque<>();

    for (int pause : pausesMillis) {
      time.advance(Duration.ofMillis(pause));
      for (int i = 0; i < 3; i++) {
        if (buckets.take(user("a"), shape, 1, new Reading())) {
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

  @ParameterizedTest
  @EnumSource
  void theBandThatTakesLongestIsNamed(Store store) {
    Shape shape = Shape.of(all(per(5, Duration.ofSeconds(1), 5), per(7, Duration.ofDays(1), 7)));
    LocalBuckets buckets = store.make(shape, time);

    assertThat(passes(buckets, shape, 6)).isEqualTo(5);
    assertThat(reading.band()).as("five in this second").isZero();
    assertThat(reading.retryAfterNanos()).isBetween(200_000_000L, 200_001_000L);
    time.advance(Duration.ofSeconds(1));
    assertThat(passes(buckets, shape, 3)).isEqualTo(2);
    assertThat(reading.band()).as("seven a day").isEqualTo(1);
    assertThat(reading.retryAfterNanos()).isGreaterThan(Duration.ofHours(3).toNanos());
  }

  @ParameterizedTest
  @EnumSource
  void lookingTakesNothingAndRemembersNobody(Store store) {
    Shape shape = Shape.of(all(perMinute(5)));
    LocalBuckets buckets = store.make(shape, time);

    buckets.peek(user("a"), shape, 1, reading);

    assertThat(reading.remaining()).isEqualTo(5);
    assertThat(buckets.size()).isZero();
    assertThat(passes(buckets, shape, 10)).isEqualTo(5);
  }

  @ParameterizedTest
  @EnumSource
  void resettingFillsABucket(Store store) {
    Shape shape = Shape.of(all(perMinute(5)));
    LocalBuckets buckets = store.make(shape, time);
    passes(buckets, shape, 3);

    buckets.reset(user("a"));

    assertThat(passes(buckets, shape, 10)).isEqualTo(5);
  }

  @ParameterizedTest
  @EnumSource
  void aReloadKeepsTheShareToWhichABucketWasFull(Store store) {
    Shape hundred = Shape.of(all(perMinute(100)));
    LocalBuckets buckets = store.make(hundred, time);
    passes(buckets, hundred, 75);

    assertThat(passes(buckets, Shape.of(all(perMinute(40))), 100)).as("a quarter").isEqualTo(10);
    assertThat(passes(buckets, Shape.of(all(perMinute(1000))), 100)).as("empty").isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aBandThatIsAddedStartsFull(Store store) {
    Shape one = Shape.of(all(perMinute(100)));
    LocalBuckets buckets = store.make(one, time);
    passes(buckets, one, 90);

    Shape two = Shape.of(all(per(5, Duration.ofSeconds(1), 50), perMinute(100)));

    assertThat(passes(buckets, two, 100)).isEqualTo(10);
    buckets.peek(user("a"), two, 1, reading);
    assertThat(reading.band()).as("the minute's is empty, 40 are left in the second's").isOne();
  }

  @ParameterizedTest
  @EnumSource
  void aBandGoesOnFromTheOneWithTheNearestPeriod(Store store) {
    Shape usual =
        Shape.of(all(per(10, Duration.ofSeconds(1), 10), per(1000, Duration.ofDays(1), 1000)));
    LocalBuckets buckets = store.make(usual, time);
    for (int i = 0; i < 50; i++) {
      passes(buckets, usual, 10);
      time.advance(Duration.ofSeconds(1));
    }

    Shape hourly = Shape.of(all(per(300, Duration.ofHours(1), 300)));
    assertThat(passes(buckets, hourly, 200)).as("half a day's are used").isEqualTo(150);
    assertThat(passes(buckets, usual, 10)).as("of the day's none is left").isZero();
  }
}
