package app.avalo.gateway.filter.budget.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import java.time.Duration;
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
  private final Receipts one = new RedisReceipts(link, "t");
  private final Receipts two = new RedisReceipts(loop.link(redis), "t");

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
  void theyExpireWithinTwoDays() throws Exception {
    charge(one, 1, 5_000);

    String left = redis.command("TTL t:budget:{ai}:paid:1");
    assertThat(Long.parseLong(left.substring(1))).isBetween(172_700L, 172_800L);
    // As if it had been charged two days ago, while others of its hash came later.
    long old = System.currentTimeMillis() / 1000 - 172_801;
    String field = "AAAAAAAAAAH__________w"; // that of the digest 1, -1
    assertThat(redis.command("HEXISTS t:budget:{ai}:paid:1 " + field)).isEqualTo(":1");
    redis.command("HSET t:budget:{ai}:paid:1 " + field + " \"5000 " + old + "\"");
    assertThat(charge(two, 1, 5_000)).isZero();
    assertThat(charge(two, 1, 5_000)).isEqualTo(5_000);
  }

  /** Seventeen ids of one hash: there is place for sixteen. */
  @Test
  void anOldOneMakesRoom() throws Exception {
    for (int i = 0; i <= 16; i++) {
      assertThat(charge(one, i << 16, 100)).isZero();
    }

    assertThat(redis.command("HLEN t:budget:{ai}:paid:0")).isEqualTo(":16");
    assertThat(charge(one, 16 << 16, 200)).as("the newest").isEqualTo(100);
  }

  /** An answer that came too late was charged all the same: nothing is lost. */
  @Test
  void whatRedisDidButNobodyHeardIsRemembered() throws Exception {
    redis.command("CLIENT PAUSE 2500");
    assertThatThrownBy(() -> charge(one, 1, 5_000)).isNotNull();

    loop.until(Duration.ofSeconds(10), link::isUp);
    assertThat(charge(two, 1, 5_000)).isIn(0L, 5_000L);
    assertThat(charge(one, 1, 5_000)).isEqualTo(5_000);
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
