package app.avalo.gateway.filter.limit.override;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Overrides of limits are kept where all gateways find them. */
class OverridesIT {
  private static final Caller ALICE = new Caller("alice", null, "vip", Set.of());

  private static final LimitConfig CALLS = Policies.named("calls").build();

  private static LimitOverride order(String subject, long untilEpochMillis) {
    var rates = Objects.requireNonNull(LimitOverride.rates("5000/d, 10/s"));
    return new LimitOverride("calls", subject, rates, "olaf", "a sale", untilEpochMillis);
  }

  @Test
  void whatOneGatewayIsToldHoldsAtAnotherUntilItEnds() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisLink link = loop.link(server);
      long now = Ticker.SYSTEM.epochMillis();
      VirtualTime time = new VirtualTime(now);
      Overrides there = new Overrides(time, over -> {});
      OverrideDesk one =
          new OverrideDesk(new RedisOverrides(link, "t"), new Overrides(time, over -> {}), time);
      OverrideDesk other = new OverrideDesk(new RedisOverrides(link, "t"), there, time);
      LimitOverride order = order("u=alice", now + 60_000);

      loop.await(() -> one.put(order));
      loop.get(
          () -> {
            other.start();
            return true;
          });

      loop.until(Duration.ofSeconds(5), () -> there.of(CALLS, ALICE) != null);
      assertThat(there.of(CALLS, ALICE)).isEqualTo(order);
      assertThat(there.of(Policies.named("others").build(), ALICE)).isNull();
      assertThat(there.of(CALLS, new Caller("bob", null, "vip", Set.of()))).isNull();
      time.advance(Duration.ofMinutes(1));
      assertThat(there.of(CALLS, ALICE)).as("an hour is over").isNull();
    }
  }

  @Test
  void redisKeepsAThousandAndForgetsThoseThatAreOver() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisLink link = loop.link(server);
      RedisOverrides store = new RedisOverrides(link, "t");
      long now = Ticker.SYSTEM.epochMillis();
      for (int i = 0; i < Overrides.MOST - 1; i++) {
        LimitOverride each = order("u=" + i, now + 60_000);
        loop.await(() -> store.put(each));
      }
      loop.await(() -> store.put(order("k=over", now - 1)));

      List<LimitOverride> all = loop.await(() -> store.put(order("k=last", now + 60_000)));

      assertThat(all).hasSize(Overrides.MOST);
      assertThatThrownBy(() -> loop.await(() -> store.put(order("k=more", now + 60_000))))
          .hasMessageContaining("1000 overrides already");
      assertThat(loop.await(() -> store.remove("calls", "k=last"))).hasSize(Overrides.MOST - 1);
    }
  }

  @Test
  void anOrderThatCannotBeReadStopsNoOther() throws IOException {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisOverrides store = new RedisOverrides(loop.link(server), "t");
      long until = Ticker.SYSTEM.epochMillis() + 60_000;
      loop.await(() -> store.put(order("u=alice", until)));
      server.command("HSET t:limit-overrides:{all} broken \"" + until + " {}\"");
      server.command("HSET t:limit-overrides:{all} number garbage");

      assertThat(loop.await(store::all)).containsExactly(order("u=alice", until));
      assertThat(loop.await(() -> store.put(order("u=bob", until)))).hasSize(2);
    }
  }

  @Test
  void aChangeThatIsAnsweredLateHasNotFailed() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      Duration deadline = Duration.ofMillis(50);
      RedisOverrides store = new RedisOverrides(loop.link(server, deadline), "t");
      LimitOverride order = order("u=alice", Ticker.SYSTEM.epochMillis() + 60_000);
      loop.await(store::all);
      server.stop();
      CompletableFuture<List<LimitOverride>> put = loop.start(() -> store.put(order));
      loop.await(() -> loop.vertx().timer(4 * deadline.toMillis()));

      server.cont();

      assertThat(put).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(List.of(order));
    }
  }

  @Test
  void aBurstIsKeptAndAnOrderWithoutOneReadsAsBefore() {
    LimitOverride bursting =
        new LimitOverride(
            "calls",
            "u=alice",
            Objects.requireNonNull(LimitOverride.rates("10/s", 50)),
            "olaf",
            "a sale",
            1000);
    assertThat(bursting.allowance().bandwidths().get(0).burst()).isEqualTo(50);
    assertThat(LimitOverride.of(bursting.toJson())).isEqualTo(bursting);
    assertThat(order("u=alice", 1000).toJson().containsKey("burst")).isFalse();
    assertThat(LimitOverride.of(order("u=alice", 1000).toJson())).isEqualTo(order("u=alice", 1000));
    assertThat(LimitOverride.rates("10/s, 500/min", 50)).as("whose would it be").isNull();
  }

  @Test
  void onlyWhoHasABucketOfTheirOwnCanHaveOtherRates() {
    Overrides view = new Overrides(new VirtualTime(0), over -> {});
    view.replace(List.of(order("u=alice", 1000), order("k=shop", 1000)));
    Caller both = new Caller("alice", "shop", "vip", Set.of());
    Caller key = new Caller(null, "shop", "vip", Set.of());

    assertThat(view.of(policy(KeyPart.ROUTE, KeyPart.TIER), both)).isNull();
    assertThat(view.of(policy(KeyPart.ROUTE), key)).isNull();
    assertThat(view.of(policy(KeyPart.USER), both)).isEqualTo(order("u=alice", 1000));
    assertThat(view.of(policy(KeyPart.USER), key)).isNull();
    assertThat(view.of(policy(KeyPart.API_KEY), both)).isEqualTo(order("k=shop", 1000));
    assertThat(view.of(policy(KeyPart.CALLER), both)).isEqualTo(order("u=alice", 1000));
    assertThat(view.of(policy(KeyPart.CALLER), key)).isEqualTo(order("k=shop", 1000));
    assertThat(view.of(policy(KeyPart.CALLER), new Caller("bob", "shop", "vip", Set.of())))
        .as("the bucket is bob's")
        .isNull();
    assertThat(view.of(policy(KeyPart.ROUTE))).isEmpty();
  }

  private static LimitConfig policy(KeyPart... key) {
    return Policies.named("calls").key(key).build();
  }

  @Test
  void withoutRedisAFileKeepsThem(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("limit-overrides.json");
    VirtualTime time = new VirtualTime(1_000_000);
    try (Loop loop = new Loop()) {
      FileOverrides before = new FileOverrides(loop.vertx(), time, file);
      loop.start(() -> before.put(order("u=alice", 2_000_000)));
      loop.await(() -> before.put(order("k=shop", 2_000_000)));

      FileOverrides after = new FileOverrides(loop.vertx(), time, file);

      assertThat(loop.await(after::all))
          .containsExactly(order("u=alice", 2_000_000), order("k=shop", 2_000_000));
      String two = Files.readString(file);
      Files.writeString(file, two.replaceFirst("\"rates\"", "\"rate\""));
      FileOverrides one = new FileOverrides(loop.vertx(), time, file);
      assertThat(loop.await(one::all))
          .as("one of the two cannot be read")
          .containsExactly(order("k=shop", 2_000_000));
      Files.writeString(file, "{");
      FileOverrides broken = new FileOverrides(loop.vertx(), time, file);
      assertThatThrownBy(() -> loop.await(() -> broken.put(order("u=bob", 2_000_000))))
          .as("what cannot be read is not overwritten")
          .isNotNull();
      assertThat(Files.readString(file)).isEqualTo("{");
    }
  }

  @Test
  void aFileOfAThousandLongOrdersCanBeReadAgain(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("limit-overrides.json");
    VirtualTime time = new VirtualTime(1_000_000);
    try (Loop loop = new Loop()) {
      FileOverrides before = new FileOverrides(loop.vertx(), time, file);
      var rates = Objects.requireNonNull(LimitOverride.rates("5000/d, 10/s"));
      String reason = "\u0001".repeat(512);
      String subject = "u=" + "\u20ac".repeat(250);
      LimitOverride longest =
          new LimitOverride("calls", subject, rates, "olaf", reason, 2_000_000L);
      loop.await(() -> before.put(longest));
      JsonObject entry = new JsonArray(Files.readString(file)).getJsonObject(0);
      JsonArray thousand = new JsonArray();
      for (int i = 0; i < Overrides.MOST; i++) {
        thousand.add(entry.copy().put("subject", subject + i));
      }
      Files.writeString(file, thousand.encodePrettily());

      FileOverrides after = new FileOverrides(loop.vertx(), time, file);

      assertThat(Files.size(file)).isGreaterThan(1 << 20);
      assertThat(loop.await(after::all)).hasSize(Overrides.MOST);
    }
  }
}
