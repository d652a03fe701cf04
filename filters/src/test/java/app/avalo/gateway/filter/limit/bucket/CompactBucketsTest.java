package app.avalo.gateway.filter.limit.bucket;

import static app.avalo.gateway.filter.limit.Policies.all;
import static app.avalo.gateway.filter.limit.Policies.per;
import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** The table for keys that clients make: its memory, and what a flood of them can do. */
class CompactBucketsTest {
  private static final Room NO_ROOM = new Room(0);

  private final VirtualTime time = new VirtualTime();
  private final Reading reading = new Reading();

  private static BucketKey user(int number) {
    return LocalBucketsTest.user("u" + number);
  }

  @Test
  void aMillionKeysOfThreeRatesTakeLessThan52MebibytesAndOfOneLessThan32AndAllStartFull() {
    Shape one = Shape.of(all(perMinute(20)));
    Shape three =
        Shape.of(
            all(
                per(10, Duration.ofSeconds(1), 10),
                perMinute(100),
                per(5000, Duration.ofDays(1), 5000)));

    assertThat(bytesOfAMillion(one)).isLessThan(32L << 20);
    assertThat(bytesOfAMillion(three)).isLessThan(52L << 20);
  }

  private long bytesOfAMillion(Shape shape) {
    long before = 1L << 40;
    Room room = new Room(before);
    CompactPart part = new CompactPart(shape, room);
    Random random = new Random(1);
    // A sixty-fourth; the parts are alike.
    for (int i = 0; i < 1_000_000 / 64; i++) {
      assertThat(part.take(random.nextLong(), shape, shape.most(), 0, reading)).isTrue();
    }
    assertThat(part.size()).isEqualTo(1_000_000 / 64);
    return 64 * (before - room.left());
  }

  @Test
  void aTableThatIsClosedTakesNoMoreRoomWhoeverStillUsesIt() {
    Shape shape = Shape.of(all(perMinute(20)));
    Room room = new Room(1 << 20);
    CompactBuckets buckets = new CompactBuckets(shape, time, room);
    for (int i = 0; i < 1000; i++) {
      buckets.take(user(i), shape, 1, reading);
    }
    buckets.close();

    for (int i = 0; i < 1000; i++) {
      buckets.take(user(i), shape, 1, reading);
    }

    assertThat(room.left()).isEqualTo(1 << 20);
  }

  @Test
  void whoeverIsChargedIsChargedThoughNobodyKnowsHimAndTheTableGrows() {
    Shape minute = Shape.of(all(perMinute(20)));
    Shape reloaded = Shape.of(all(perMinute(20), per(1000, Duration.ofDays(1), 1000)));
    for (Shape shape : new Shape[] {minute, reloaded}) {
      CompactBuckets buckets = new CompactBuckets(minute, time, new Room(1 << 20));
      for (int i = 0; i < 3000; i++) {
        buckets.charge(user(i), shape, 7);
        buckets.peek(user(i), shape, 1, reading);
        assertThat(reading.remaining()).as("user %s", i).isEqualTo(13);
      }
    }
  }

  @Test
  void aFloodOfNewKeysNeitherGrowsMemoryNorResetsAUsedUpBucket() {
    Shape shape = Shape.of(all(perMinute(20)));
    CompactBuckets buckets = new CompactBuckets(shape, time, NO_ROOM);
    BucketKey attacker = user(-1);
    for (int i = 0; i < 30; i++) {
      buckets.take(attacker, shape, 1, reading);
    }

    int passed = 0;
    for (int i = 0; i < 100_000; i++) {
      buckets.take(user(i), shape, 1, reading);
      passed += i % 1000 == 999 && buckets.take(attacker, shape, 1, reading) ? 1 : 0;
    }

    assertThat(passed).isZero();
    assertThat(buckets.size()).isLessThanOrEqualTo(64 * 16);
  }

  @Test
  void whoFloodsIsLimitedByWhatHisOwnKeysHaveUsed() {
    Shape shape = Shape.of(all(perMinute(20)));
    CompactBuckets buckets = new CompactBuckets(shape, time, NO_ROOM);

    int passed = 0;
    for (int i = 0; i < 100_000; i++) {
      passed += buckets.take(user(i), shape, 1, reading) ? 1 : 0;
    }

    assertThat(passed).as("places x burst at most, not keys").isLessThanOrEqualTo(64 * 16 * 20);
  }

  @Test
  void bucketsThatHaveFilledUpMakeRoomAndNewcomersThenStartFull() {
    Shape shape = Shape.of(all(perMinute(20)));
    CompactBuckets buckets = new CompactBuckets(shape, time, NO_ROOM);
    for (int i = 0; i < 50_000; i++) {
      buckets.take(user(i), shape, 20, reading);
    }
    time.advance(Duration.ofSeconds(60));

    for (int i = 0; i < 100; i++) {
      assertThat(buckets.take(user(100_000 + i), shape, 1, reading)).isTrue();
      assertThat(reading.remaining()).isEqualTo(19);
    }
  }

  @Property(tries = 60)
  void nobodyIsEverFullerThanAlone(@ForAll long seed) {
    Random random = new Random(seed);
    VirtualTime time = new VirtualTime();
    Shape shape = Shape.of(all(per(5, Duration.ofSeconds(1), 5), perMinute(30)));
    CompactBuckets buckets = new CompactBuckets(shape, time, new Room(random.nextInt(60_000)));
    Map<Integer, long[]> alone = new HashMap<>();

    for (int i = 0; i < 5000; i++) {
      time.advance(Duration.ofMillis(random.nextInt(20)));
      int who = (int) Math.abs(random.nextGaussian() * 400);
      boolean allowed = buckets.take(user(who), shape, 1, reading);
      long[] state = alone.computeIfAbsent(who, unknown -> new long[] {time.nanos() / 1000, 0, 0});
      shape.refill(state, 0, time.nanos() / 1000);
      if (allowed) {
        assertThat(shape.take(state, 0, 1)).as("seed %s step %s", seed, i).isTrue();
        if (i % 10 == 0) {
          buckets.giveBack(user(who), 1);
          shape.giveBack(state, 0, 1);
        }
      }
      if (i == 2500) {
        buckets.take(user(who), shape, 1, reading);
        buckets.reset(user(who));
        alone.put(who, new long[] {time.nanos() / 1000, 0, 0});
      }
    }
  }

  @Test
  void whatIsNotedIsReadBackAndAges() {
    Shape shape = Shape.of(all(perMinute(60)));
    CompactBuckets notes = new CompactBuckets(shape, time, new Room(1 << 20));
    long[] missing = new long[1];
    assertThat(notes.noted(user(1), shape, missing)).isEqualTo(CompactBuckets.NEVER);
    long token = shape.band(0).unitsPerToken();

    time.advance(Duration.ofSeconds(1));
    notes.note(user(1), shape, new long[] {10 * token}, notes.nowMicros());
    time.advance(Duration.ofSeconds(3));

    assertThat(notes.noted(user(1), shape, missing)).isEqualTo(1_000_000);
    assertThat(missing).containsExactly(7 * token);
  }

  @Test
  void whatWasAskedEarlierDoesNotUndoANote() {
    Shape shape = Shape.of(all(perMinute(60)));
    CompactBuckets notes = new CompactBuckets(shape, time, new Room(1 << 20));
    long[] missing = new long[1];
    long token = shape.band(0).unitsPerToken();
    time.advance(Duration.ofSeconds(1));
    notes.note(user(1), shape, new long[] {10 * token}, 900_000);

    notes.note(user(1), shape, new long[] {2 * token}, 800_000);

    assertThat(notes.noted(user(1), shape, missing)).isEqualTo(900_000);
    assertThat(missing).containsExactly(10 * token - 100_000 * shape.band(0).unitsPerMicro());

    notes.reset(user(1));
    notes.note(user(1), shape, new long[] {10 * token}, 950_000);

    notes.noted(user(1), shape, missing);
    assertThat(missing).as("asked before it was filled").containsExactly(0);
  }
}
