package app.avalo.gateway.filter.limit.shared;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests of unlike cost that wait for one bucket and then ask together. */
class BatchIT {
  private static final LimitConfig POLICY =
      Policies.named("hot").of(Policies.per(10, Duration.ofDays(1), 10)).build();
  private static final Shape SHAPE = Shape.of(Objects.requireNonNull(POLICY.allowance()));
  private static final BucketKey KEY =
      Objects.requireNonNull(BucketKey.parse(POLICY, "", "u=alice"));

  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  private List<Buckets> kinds(RedisLink link) {
    LoopLink way = new LoopLink(link, "t", Ticker.SYSTEM);
    CompactBuckets notes = new CompactBuckets(SHAPE, Ticker.SYSTEM, new Room(1 << 20));
    return List.of(
        new ExactBuckets(way, SHAPE, notes, (key, tokens) -> {}),
        new LeasedBuckets(way, SHAPE, 0, notes, (key, tokens) -> {}));
  }

  @Test
  void whoWantsMoreThanThereIsDoesNotKeepItFromTheOthers() {
    RedisLink link = loop.link(server);
    for (Buckets buckets : loop.get(() -> kinds(link))) {
      loop.await(() -> ask(buckets, KEY, 4));

      List<Future<Reading>> together =
          loop.get(() -> List.of(ask(buckets, KEY, 1), ask(buckets, KEY, 9), ask(buckets, KEY, 1)));
      List<Boolean> allowed =
          loop.await(() -> Future.all(together)).<Reading>list().stream()
              .map(Reading::allowed)
              .toList();

      String kind = buckets.getClass().getSimpleName();
      assertThat(allowed).as(kind).containsExactly(true, false, true);
      assertThat(loop.await(() -> ask(buckets, KEY, 4)).allowed()).as(kind + ": the rest").isTrue();
      assertThat(loop.await(() -> ask(buckets, KEY, 1)).allowed()).as(kind).isFalse();
    }
  }

  @Test
  void whatIsChargedAndAskedForAtOnceIsDecidedInThatOrder() {
    RedisLink link = loop.link(server);
    for (Buckets buckets : loop.get(() -> kinds(link))) {
      loop.await(() -> ask(buckets, KEY, 1));

      Reading reading =
          loop.await(
              () -> {
                buckets.charge(KEY, 4);
                buckets.giveBack(KEY, 1);
                return ask(buckets, KEY, 7);
              });

      String kind = buckets.getClass().getSimpleName();
      assertThat(reading.allowed()).as(kind + ": six are there").isFalse();
      assertThat(loop.await(() -> ask(buckets, KEY, 6)).allowed()).as(kind).isTrue();
    }
  }

  private static Future<Reading> ask(Buckets buckets, BucketKey key, long tokens) {
    Promise<Reading> said = Promise.promise();
    buckets.ask(key.copy(), tokens, said);
    return said.future();
  }
}
