package app.avalo.gateway.filter.pin.store;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.store.Binding.Cause;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The store contract in a real Redis, and what only a shared store can do. */
class RedisPinStoreIT extends PinStoreContract {
  private static RedisServer server;
  private static Loop loop;
  private static RedisLink link;
  private static int tests;

  private String prefix;
  private RedisPinStore store;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    loop = new Loop();
    link =
        loop.get(
            () ->
                RedisLink.connect(
                    loop.vertx(), server.config(Duration.ofSeconds(2), "x"), Ticker.SYSTEM));
    loop.until(Duration.ofSeconds(5), link::isUp);
  }

  @AfterAll
  static void stop() {
    loop.close();
    server.close();
  }

  @BeforeEach
  void freshKeys() {
    prefix = "t" + tests++;
    store = replica();
  }

  @AfterEach
  void leaveNothing() throws IOException {
    server.command("FLUSHALL");
  }

  /** A store as another process would have it: same Redis, its own memory. */
  private RedisPinStore replica() {
    return new RedisPinStore(link, new RecentPins(Ticker.SYSTEM), Ticker.SYSTEM, prefix);
  }

  @Override
  PinStore store() {
    return store;
  }

  @Override
  <T> T await(Supplier<Future<T>> supplier) {
    return loop.await(supplier);
  }

  private String key(PinKey key) {
    return prefix + ":pin:{" + key + "}";
  }

  @Test
  void keysAndValuesStayWhatTheyWere() throws IOException {
    Binding eu = await(() -> store.claim(ALICE, Binding.first(0, NOW), TTL));
    String name = prefix + ":pin:{wallet:00000000000000010000000000000002}";
    assertThat(server.command("GET " + name)).isEqualTo("1|0|0|1795219200000|FIRST");
    await(() -> store.move(ALICE, eu, 2, Cause.OPERATOR, TTL));
    assertThat(server.command("GET " + name)).matches("2\\|2\\|0\\|\\d{13}\\|OPERATOR");
    assertThat(server.command("TTL " + name)).isIn(":2592000", ":2591999");
  }

  @Test
  void concurrentFirstRequestsOfManyReplicasGetOneHome() {
    for (int round = 0; round < 50; round++) {
      PinKey key = new PinKey("wallet", round, 9);
      List<CompletableFuture<Binding>> claims = new ArrayList<>();
      for (int region = 0; region < 8; region++) {
        Binding proposal = Binding.first(region, NOW);
        RedisPinStore replica = replica();
        claims.add(loop.start(() -> replica.claim(key, proposal, TTL)));
      }
      Set<Long> homes = new HashSet<>();
      claims.forEach(claim -> homes.add(claim.join().epoch()));
      assertThat(homes).hasSize(1);
    }
  }

  @Test
  void replicaThatRemembersRepairsAStoreThatForgot() throws IOException {
    Binding eu = await(() -> store.claim(ALICE, Binding.first(0, NOW), TTL));
    Binding us = await(() -> store.move(ALICE, eu, 1, Cause.FAILOVER, TTL)).binding();
    server.command("SET " + key(ALICE) + " 1|0|0|1795219200000|FIRST");
    RedisPinStore other = replica();
    assertThat(await(() -> other.read(ALICE, TTL))).isEqualTo(eu);
    // a second later, as the answer of the first replica is that old
    loop.until(Duration.ofSeconds(5), new Later(1_050)::come);
    assertThat(await(() -> store.read(ALICE, TTL))).isEqualTo(us);
    assertThat(server.command("GET " + key(ALICE))).isEqualTo(PinValue.write(us));
  }

  /** Turns true after some milliseconds. */
  private record Later(long endNanos) {
    Later(int millis) {
      this(Ticker.SYSTEM.nanos() + millis * 1_000_000L);
    }

    boolean come() {
      return Ticker.SYSTEM.nanos() > endNanos();
    }
  }

  @Test
  void garbageUnderAKeyCountsAsNothing() throws IOException {
    for (String garbage : List.of("x", "1|2", "-1|0|0|0|FIRST", "1|0|0|0|first", "9".repeat(70))) {
      server.command("SET " + key(BOB) + " " + garbage);
      assertThat(await(() -> replica().read(BOB, TTL))).as(garbage).isNull();
      Binding claimed = await(() -> replica().claim(BOB, Binding.first(1, NOW), TTL));
      assertThat(claimed).as(garbage).isEqualTo(Binding.first(1, NOW));
    }
  }

  @Test
  void otherKeysOfTheServerAreNotScanned() throws IOException {
    server.command("SET other:pin:{wallet:00000000000000010000000000000002} 1|0|0|1|FIRST");
    await(() -> store.claim(BOB, Binding.first(1, NOW), TTL));
    List<PinStore.Entry> found = new ArrayList<>();
    PinStore.Scan scan = store.scan();
    List<PinStore.Entry> page;
    while ((page = await(() -> scan.next(100))) != null) {
      found.addAll(page);
    }
    assertThat(found).containsExactly(new PinStore.Entry(BOB, Binding.first(1, NOW)));
  }

  @Test
  void frozenRedisFailsTheCallInTime() {
    RedisServer own = RedisServer.start();
    try {
      RedisLink slow =
          loop.get(
              () ->
                  RedisLink.connect(
                      loop.vertx(), own.config(Duration.ofMillis(50), "x"), Ticker.SYSTEM));
      loop.until(Duration.ofSeconds(5), slow::isUp);
      own.stop();
      RedisPinStore lost =
          new RedisPinStore(slow, new RecentPins(Ticker.SYSTEM), Ticker.SYSTEM, "x");
      assertThat(loop.start(() -> lost.read(ALICE, TTL)))
          .failsWithin(Duration.ofSeconds(2))
          .withThrowableOfType(java.util.concurrent.ExecutionException.class)
          .withCauseInstanceOf(StoreUnavailable.class);
    } finally {
      own.cont();
      own.close();
    }
  }
}
