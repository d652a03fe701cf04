package app.avalo.gateway.filter.budget.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Receipts of two gateways in a real Redis. */
class RedisReceiptsIT {
  private final RedisServer redis = RedisServer.start();
  private final Loop loop = new Loop();
  private final RedisLink link = loop.link(redis);
  private final VirtualTime time = new VirtualTime(System.currentTimeMillis());
  private final VirtualTime ahead = new VirtualTime(time.epochMillis());
  private final Receipts one = new RedisReceipts(link, "t", time);
  private final Receipts two = new RedisReceipts(link, "t", ahead);

  private static Receipt id(long number) {
    return new Receipt("ai", number, -number);
  }

  private long charge(Receipts receipts, long id, long micros) {
    return loop.await(() -> receipts.charge(id(id), micros));
  }

  @AfterEach
  void stop() {
    loop.close();
    redis.close();
  }

  @Test
  void theyAreCommonAndTheDearestCounts() {
    assertThat(charge(one, 1, 2_000)).isZero();
    assertThat(charge(two, 1, 5_000)).isEqualTo(2_000);
    assertThat(charge(one, 1, 3_000)).isEqualTo(5_000);
    assertThat(charge(two, 2, 1L << 52)).isZero();
    assertThat(charge(one, 2, 1L << 52)).isEqualTo(1L << 52);
  }

  @Test
  void theyAreKnownTheNextDayAndByWhoseClockIsADayBehind() {
    ahead.advance(Duration.ofDays(1));
    assertThat(charge(one, 1, 5_000)).isZero();
    assertThat(charge(two, 1, 5_000)).isEqualTo(5_000);
    assertThat(charge(two, 2, 5_000)).isZero();
    assertThat(charge(one, 2, 5_000)).isEqualTo(5_000);

    ahead.advance(Duration.ofDays(1));
    assertThat(charge(two, 1, 5_000)).as("of the day before yesterday").isZero();
  }

  @Test
  void theirHashesExpire() throws Exception {
    charge(one, 1, 5_000);

    String day =
        DateTimeFormatter.BASIC_ISO_DATE.format(
            Instant.ofEpochMilli(time.epochMillis()).atOffset(ZoneOffset.UTC));
    long millis =
        Long.parseLong(
            redis.command("PTTL t:budget:{ai}:paid:" + day.substring(0, 8)).substring(1));
    assertThat(Duration.ofMillis(millis)).isBetween(Duration.ofDays(2), Duration.ofDays(3));
  }

  @Test
  void whatFindsNoPlaceIsNotRememberedAndWhatIsThereStays() {
    Receipts few = new RedisReceipts(link, "t", time, 3);
    for (int id = 1; id <= 3; id++) {
      assertThat(charge(few, id, 100)).isZero();
    }

    assertThatThrownBy(() -> charge(few, 4, 100)).hasMessageContaining("no place");
    assertThat(charge(few, 3, 200)).isEqualTo(100);
    assertThat(charge(few, 3, 200)).isEqualTo(200);
  }

  @Test
  void repeatsInAnyOrderAtBothAddUpToTheDearest() {
    Random random = new Random(3);
    long[] dearest = new long[100];
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 3 * dearest.length; i++) {
      order.add(i % dearest.length);
    }
    Collections.shuffle(order, random);
    List<CompletableFuture<Long>> charged = new ArrayList<>();
    for (int id : order) {
      long cost = 1 + random.nextInt(1_000_000);
      dearest[id] = Math.max(dearest[id], cost);
      Receipts at = random.nextBoolean() ? one : two;
      charged.add(
          loop.start(() -> at.charge(id(id), cost).map(before -> Math.max(0, cost - before))));
    }

    assertThat(charged.stream().mapToLong(CompletableFuture::join).sum())
        .isEqualTo(Arrays.stream(dearest).sum());
  }

  @Test
  void withoutRedisNobodyKnows() {
    redis.kill();

    assertThatThrownBy(() -> charge(one, 1, 100)).isNotNull();
  }
}
