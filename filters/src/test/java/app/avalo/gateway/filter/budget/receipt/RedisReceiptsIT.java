package app.avalo.gateway.filter.budget.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
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
    return loop.await(() -> receipts.charge(id(id), micros)).micros();
  }

  private long begin(Receipts receipts, Receipt call, long micros) {
    return loop.await(() -> receipts.begin(call, micros));
  }

  private Receipts.Charged end(Receipts receipts, Receipt call, long micros) {
    return loop.await(() -> receipts.charge(call, micros));
  }

  @AfterEach
  void stop() {
    loop.close();
    redis.close();
  }

  @Test
  void theyAreCommonAndTheDearestCounts() {
    assertThat(charge(one, 1, 2_000)).isEqualTo(2_000);
    assertThat(charge(two, 1, 5_000)).isEqualTo(3_000);
    assertThat(charge(one, 1, 3_000)).isZero();
    assertThat(charge(two, 2, 1L << 52)).isEqualTo(1L << 52);
    assertThat(charge(one, 2, 1L << 52)).isZero();
  }

  /** Whose gateway was killed: what is held for it is charged, and so its id has paid that. */
  @Test
  void aCallThatNeverEndsHasPaidWhatItHeld() {
    assertThat(begin(one, id(1), 9_000)).isZero();

    Receipt repeat = id(1);
    assertThat(begin(two, repeat, 9_000)).isZero();
    assertThat(end(two, repeat, 5_000)).isEqualTo(new Receipts.Charged(0, true));
    Receipt killedToo = id(1);
    assertThat(begin(two, killedToo, 9_000)).isEqualTo(5_000);
    Receipt dearer = id(1);
    assertThat(begin(one, dearer, 12_000)).isEqualTo(5_000);
    assertThat(end(one, dearer, 12_000)).isEqualTo(new Receipts.Charged(3_000, true));
    assertThat(end(two, id(1), 12_000)).isEqualTo(new Receipts.Charged(0, true));
  }

  @Test
  void aCallThatEndsAfterItsRepeatPaysForBoth() {
    Receipt first = id(1);
    Receipt repeat = id(1);
    begin(one, first, 9_000);
    begin(two, repeat, 9_000);

    assertThat(end(two, repeat, 5_000)).isEqualTo(new Receipts.Charged(0, true));
    assertThat(end(one, first, 2_000)).isEqualTo(new Receipts.Charged(5_000, false));

    assertThat(begin(two, id(1), 9_000)).isEqualTo(5_000);
  }

  @Test
  void aCallThatWasNeverSentHasPaidNothing() throws Exception {
    Receipt call = id(1);
    begin(one, call, 9_000);
    assertThat(end(one, call, 0)).isEqualTo(new Receipts.Charged(0, false));

    assertThat(redis.command("HLEN t:budget:{ai}:paid:1")).isEqualTo(":0");
    assertThat(charge(two, 1, 5_000)).isEqualTo(5_000);
  }

  @Test
  void whatWasChargedInAnOutageIsToldAfterwards() throws Exception {
    Receipt call = id(1);
    begin(one, call, 9_000);
    redis.command("CLIENT PAUSE 2500");
    assertThatThrownBy(() -> end(one, call, 0)).isNotNull();
    loop.until(Duration.ofSeconds(10), link::isUp);

    begin(one, id(2), 1);
    begin(one, id(2), 1); // behind what was said late

    assertThat(charge(two, 1, 5_000)).isEqualTo(5_000);
  }

  @Test
  void theyExpireWithinTwoDays() throws Exception {
    charge(one, 1, 5_000);

    String left = redis.command("TTL t:budget:{ai}:paid:1");
    assertThat(Long.parseLong(left.substring(1))).isBetween(172_700L, 172_800L);
    // As if it had been charged two days ago, while others of its hash came later.
    long old = System.currentTimeMillis() / 1000 - 172_801;
    String field = field(1);
    assertThat(field).isEqualTo("AAAAAAAAAAH__________w"); // as gateways of all releases say it
    assertThat(redis.command("HEXISTS t:budget:{ai}:paid:1 " + field)).isEqualTo(":1");
    redis.command("HSET t:budget:{ai}:paid:1 " + field + " \"5000 " + old + "\"");
    assertThat(charge(two, 1, 5_000)).isEqualTo(5_000);
    assertThat(charge(two, 1, 5_000)).isZero();
  }

  /** Seventeen ids of one hash: there is place for sixteen. */
  @Test
  void theOldestMakesRoomWhereverItStands() throws Exception {
    String key = "t:budget:{ai}:paid:0 ";
    long now = System.currentTimeMillis() / 1000;
    for (int i = 0; i < 16; i++) {
      assertThat(charge(one, i << 16, 100)).isEqualTo(100);
      long at = now - (i == 7 ? 600 : 60 + i);
      redis.command("HSET " + key + field(i << 16) + " \"100 " + at + "\"");
    }

    assertThat(charge(one, 16 << 16, 100)).isEqualTo(100);

    for (int i = 0; i <= 16; i++) {
      String there = redis.command("HEXISTS " + key + field(i << 16));
      assertThat(there).as("the one of %d", i).isEqualTo(i == 7 ? ":0" : ":1");
    }
    assertThat(charge(two, 6 << 16, 200)).as("one that stayed").isEqualTo(100);
    assertThat(charge(two, 16 << 16, 200)).as("the newest").isEqualTo(100);
    assertThat(charge(two, 7 << 16, 200)).as("the one that made room").isEqualTo(200);
  }

  /** Under which a hash has what the id of this number paid. */
  private static String field(long number) {
    byte[] digest = ByteBuffer.allocate(16).putLong(number).putLong(-number).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
  }

  /** Sixteen younger fields of a hash push out that a call is under way, as nobody may last. */
  @Test
  void aCallThatIsForgottenWhileItRunsPaysInFull() {
    Receipt first = id(0);
    begin(one, first, 9_000);
    assertThat(end(two, id(0), 5_000)).isEqualTo(new Receipts.Charged(0, true));
    for (int i = 1; i <= 15; i++) {
      charge(two, i << 16, 100);
    }

    assertThat(end(one, first, 5_000).micros()).isEqualTo(5_000);
  }

  /** An answer that came too late was charged all the same: nothing is lost. */
  @Test
  void whatRedisDidButNobodyHeardIsRemembered() throws Exception {
    Receipts hasty = new RedisReceipts(loop.link(redis, Duration.ofMillis(300)), "t");
    charge(hasty, 2, 1); // it knows the script
    redis.command("CLIENT PAUSE 600");
    assertThatThrownBy(() -> charge(hasty, 1, 5_000)).isNotNull();

    redis.command("PING"); // waits as all do
    redis.command("PING"); // comes behind all who have waited
    assertThat(charge(two, 1, 5_000)).isZero();
  }

  /** As it was said by gateways that begin and end calls in any order, at once. */
  @Test
  void repeatsInAnyOrderAtBothAddUpToTheDearest() {
    Random random = new Random(3);
    long[] dearest = new long[100];
    List<Receipt> open = new ArrayList<>();
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 4 * dearest.length; i++) {
      order.add(i % dearest.length);
    }
    Collections.shuffle(order, random);
    List<CompletableFuture<Long>> charged = new ArrayList<>();
    while (!order.isEmpty() || !open.isEmpty()) {
      if (random.nextBoolean() && !order.isEmpty()) {
        Receipt call = id(order.remove(0));
        Receipts at = call.call() < 0 ? one : two;
        open.add(call);
        if (random.nextInt(8) > 0) { // the others are of an earlier release
          loop.start(() -> at.begin(call, 1_000_000));
        }
      } else if (!open.isEmpty()) {
        Receipt call = open.remove(random.nextInt(open.size()));
        Receipts at = call.call() < 0 ? one : two;
        long cost = random.nextInt(1_000_000);
        int id = (int) call.high();
        dearest[id] = Math.max(dearest[id], cost);
        charged.add(loop.start(() -> at.charge(call, cost).map(Receipts.Charged::micros)));
      }
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
