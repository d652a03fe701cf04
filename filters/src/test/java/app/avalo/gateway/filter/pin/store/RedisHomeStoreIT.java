package app.avalo.gateway.filter.pin.store;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.VirtualTime;
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
class RedisHomeStoreIT extends HomeStoreContract {
  private static RedisServer server;
  private static Loop loop;
  private static RedisLink link;
  private static int tests;

  private String prefix;
  private RedisHomeStore store;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    loop = new Loop();
    link = loop.link(server);
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
  private RedisHomeStore replica() {
    return new RedisHomeStore(link, new RecentHomes(Ticker.SYSTEM), Ticker.SYSTEM, prefix);
  }

  @Override
  HomeStore store() {
    return store;
  }

  @Override
  <T> T await(Supplier<Future<T>> supplier) {
    return loop.await(supplier);
  }

  private String key(PinKey key) {
    return prefix + ":home:{" + key + "}";
  }

  @Test
  void keysAndValuesStayWhatTheyWere() throws IOException {
    await(() -> store.claim(ALICE, 2, TTL));
    String name = prefix + ":home:{wallet:00000000000000010000000000000002}";
    assertThat(server.command("GET " + name)).matches("2\\|\\d{13}");
    assertThat(server.command("TTL " + name)).isIn(":2592000", ":2591999");
  }

  @Test
  void concurrentFirstRequestsOfManyReplicasGetOneHome() {
    for (int round = 0; round < 50; round++) {
      PinKey key = new PinKey("wallet", round, 9);
      List<CompletableFuture<Home>> claims = new ArrayList<>();
      for (int region = 0; region < 8; region++) {
        int proposal = region;
        RedisHomeStore replica = replica();
        claims.add(loop.start(() -> replica.claim(key, proposal, TTL)));
      }
      Set<Integer> homes = new HashSet<>();
      claims.forEach(claim -> homes.add(claim.join().region()));
      assertThat(homes).hasSize(1);
    }
  }

  @Test
  void aHomeThatReplicasUseIsRenewedBehindTheAnswer() throws IOException {
    VirtualTime time = new VirtualTime();
    RedisHomeStore used = new RedisHomeStore(link, new RecentHomes(time), time, prefix);
    await(() -> used.claim(ALICE, 1, Duration.ofMinutes(1)));
    time.advance(Duration.ofDays(16));

    loop.get(() -> used.known(ALICE, TTL));

    loop.until(Duration.ofSeconds(5), () -> ttl(ALICE) > Duration.ofDays(29).toSeconds());
  }

  private long ttl(PinKey key) {
    try {
      return Long.parseLong(server.command("TTL " + key(key)).substring(1));
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  @Test
  void garbageUnderAKeyCountsAsNothing() throws IOException {
    for (String garbage : List.of("x", "1|", "-1|0", "1|0|0|0|FIRST", "9".repeat(70))) {
      server.command("SET " + key(BOB) + " " + garbage);
      assertThat(await(() -> replica().find(BOB))).as(garbage).isNull();
      assertThat(await(() -> replica().claim(BOB, 1, TTL)).region()).as(garbage).isEqualTo(1);
    }
  }

  @Test
  void otherKeysOfTheServerAreNotScanned() throws IOException {
    server.command("SET other:home:{wallet:00000000000000010000000000000002} 1|5");
    Home bob = await(() -> store.claim(BOB, 1, TTL));
    List<HomeStore.Entry> found = new ArrayList<>();
    HomeStore.Scan scan = store.scan();
    List<HomeStore.Entry> page;
    while ((page = await(() -> scan.next(100))) != null) {
      found.addAll(page);
    }
    assertThat(found).containsExactly(new HomeStore.Entry(BOB, bob));
  }

  @Test
  void frozenRedisFailsTheCallInTime() {
    RedisServer own = RedisServer.start();
    try {
      RedisLink slow = loop.link(own, Duration.ofMillis(50));
      own.stop();
      RedisHomeStore lost =
          new RedisHomeStore(slow, new RecentHomes(Ticker.SYSTEM), Ticker.SYSTEM, "x");
      assertThat(loop.start(() -> lost.find(ALICE)))
          .failsWithin(Duration.ofSeconds(2))
          .withThrowableOfType(java.util.concurrent.ExecutionException.class)
          .withCauseInstanceOf(StoreUnavailable.class);
    } finally {
      own.cont();
      own.close();
    }
  }
}
