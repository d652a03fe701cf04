package app.avalo.gateway.filter.limit.shared;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.filter.limit.Counting;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.Buckets.Said;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What Redis knows of the tokens that one gateway holds. */
class LeaseIT {
  private static final LimitConfig POLICY =
      Policies.named("hot").of(Policies.per(1000, Duration.ofDays(1), 1000)).leased().build();
  private static final Shape IN_REDIS =
      Shape.of(Objects.requireNonNull(POLICY.allowance()).without(100));
  private static final BucketKey KEY =
      Objects.requireNonNull(BucketKey.parse(POLICY, "", "u=alice"));
  private static final String NAME = "t:ll:{hot:u=alice}";
  private static final int MANY = 1500;

  /** Buckets of which somebody holds something. */
  private static final String HOLDING =
      "EVAL \"local n = 0 for _, k in ipairs(redis.call('KEYS', 't:ll:*')) do"
          + " for _, f in ipairs(redis.call('HKEYS', k)) do"
          + " if string.sub(f, 1, 2) == 'o:' and string.sub(redis.call('HGET', k, f), 1, 2) ~= '0:'"
          + " then n = n + 1 end end end return n\" 0";

  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private RedisLink link;

  @BeforeEach
  void connect() {
    link = loop.link(server);
  }

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  private LeaseCall.Grant ask(LeaseCall call, long kept, long ahead, long sequence) {
    var wish = new LeaseCall.Wish(kept, 0, 0, 0, ahead, 0, 0, 10, sequence);
    return loop.await(() -> call.ask(NAME, "one", wish, null));
  }

  @Test
  void aCallThatArrivesBehindALaterOneChangesNothing() throws IOException {
    LeaseCall call = new LeaseCall(link, "t", Shape.of(POLICY.allowance()), 100);
    ask(call, 0, 40, 1);
    ask(call, 40, 10, 3);
    String before = server.command("HGET " + NAME + " o:one");

    LeaseCall.Grant late = ask(call, 0, 40, 2);

    assertThat(late.lent()).isZero();
    assertThat(before).startsWith("50:").endsWith(":10:3");
    assertThat(server.command("HGET " + NAME + " o:one")).isEqualTo(before);
  }

  @Test
  void whoWaitsGetsWhatIsThereThoughItMakesNoLease() {
    LeaseCall call = new LeaseCall(link, "t", Shape.of(POLICY.allowance()), 100);
    loop.await(() -> call.ask(NAME, "one", new LeaseCall.Wish(0, 0, 995, 1, 0, 1, 0, 10, 1), null));

    LeaseCall.Grant few =
        loop.await(
            () -> call.ask(NAME, "two", new LeaseCall.Wish(0, 0, 3, 1, 40, 30, 0, 10, 1), null));

    assertThat(few.spent()).isEqualTo(3);
    assertThat(few.lent()).isZero();
    assertThat(few.retryMicros()).as("its turn is never far").isEqualTo(400_000);
  }

  @Test
  void whoIsRefusedIsLentNoMoreThanItWouldLikeToHold() throws IOException {
    LeaseCall call = new LeaseCall(link, "t", Shape.of(POLICY.allowance()), 100);
    loop.await(() -> call.ask(NAME, "one", new LeaseCall.Wish(0, 0, 995, 1, 0, 0, 0, 10, 1), null));

    LeaseCall.Grant none =
        loop.await(
            () -> call.ask(NAME, "two", new LeaseCall.Wish(0, 0, 10, 10, 0, 0, 0, 10, 1), null));

    assertThat(none.spent()).isZero();
    assertThat(none.lent()).isZero();
    assertThat(server.command("HGET " + NAME + " o:two")).startsWith("0:");
  }

  @Test
  void whatIsHeldGoesBackWhenTheGatewayStops() {
    HandClock clock = new HandClock();
    LeasedBuckets buckets = loop.get(() -> leased(clock));
    Reading reading = new Reading();
    int spent = 1;
    while (loop.get(() -> buckets.take(KEY, 1, reading)) != Said.YES) {
      loop.await(() -> ask(buckets, KEY, 1));
      clock.nanos += 1_000_000;
      spent++;
    }

    loop.await(buckets::close);

    // A tenth of the burst is never in the bucket.
    long remaining = loop.await(() -> buckets.peek(KEY, 1)).remaining();
    assertThat(remaining).isEqualTo(900 - spent);
    assertThat(held(NAME)).startsWith("0:");
  }

  /** A clock that only we move, so that nothing expires on a machine that stalls. */
  private static final class HandClock implements Ticker {
    volatile long nanos = Ticker.SYSTEM.nanos();

    @Override
    public long nanos() {
      return nanos;
    }

    @Override
    public long epochMillis() {
      return Ticker.SYSTEM.epochMillis();
    }
  }

  private LeasedBuckets leased(Ticker ticker) {
    return leased(new LoopLink(link, "t", ticker), ticker);
  }

  private static LeasedBuckets leased(LoopLink way, Ticker ticker) {
    CompactBuckets notes = new CompactBuckets(IN_REDIS, ticker, new Room(1 << 20));
    return new LeasedBuckets(way, IN_REDIS, 100, notes, (key, tokens) -> {});
  }

  @Test
  void whoSeldomAsksCostsOneCallAndHoldsNothing() throws IOException {
    LeasedBuckets buckets = loop.get(() -> leased(Ticker.SYSTEM));
    Reading reading = new Reading();
    loop.await(() -> ask(buckets, KEY, 1)); // makes the script known
    server.command("CONFIG RESETSTAT");

    for (int i = 0; i < 100; i++) {
      BucketKey user = Objects.requireNonNull(BucketKey.parse(POLICY, "", "u=user" + i));
      loop.get(() -> buckets.take(user, 1, reading));
      loop.await(() -> ask(buckets, user, 1));
    }

    assertThat(server.command("INFO commandstats")).contains("cmdstat_evalsha:calls=100,");
    for (int i = 0; i < 100; i++) {
      assertThat(held("t:ll:{hot:u=user" + i + "}")).startsWith("0:");
    }
  }

  @Test
  void debtsOutliveTheBucketsThatMadeThem() {
    LoopLink way = new LoopLink(link, "t", Ticker.SYSTEM);
    LeasedBuckets before = loop.get(() -> leased(way, Ticker.SYSTEM));
    loop.await(() -> ask(before, KEY, 1));
    server.kill();
    loop.until(Duration.ofSeconds(5), () -> !link.isUp());
    loop.get(
        () -> {
          before.owe(KEY, 7);
          return before.close();
        });
    server.restart();
    loop.until(Duration.ofSeconds(5), link::isUp);

    LeasedBuckets after = loop.get(() -> leased(way, Ticker.SYSTEM));

    assertThat(loop.await(() -> ask(after, KEY, 1)).remaining()).isEqualTo(900 - 7 - 1);
  }

  @Test
  void whatIsSettledWithBucketsThatWereReplacedIsSaidByTheNext() {
    HandClock clock = new HandClock();
    LoopLink way = new LoopLink(link, "t", clock);
    LeasedBuckets before = loop.get(() -> leased(way, clock));
    LeasedBuckets after = loop.get(() -> leased(way, clock));
    loop.await(() -> ask(after, KEY, 20));
    loop.await(before::close);

    loop.get(
        () -> {
          before.charge(KEY, 7);
          before.giveBack(KEY, 10);
          return before;
        });

    assertThat(loop.await(() -> ask(after, KEY, 1)).remaining()).isEqualTo(900 - 20 - 7 + 10 - 1);
  }

  @Test
  void ofAKeyBeyondThoseThatAreKeptNothingIsLost() {
    Counting redis = new Counting(link);
    HandClock clock = new HandClock();
    LoopLink way = new LoopLink(redis, "t", clock);
    LeasedBuckets buckets = loop.get(() -> leased(way, clock));
    redis.closed = new StoreUnavailable(StoreUnavailable.How.UNSENT, "away");
    loop.get(
        () -> {
          for (int i = 0; i < 50_000; i++) {
            buckets.owe(user(i), 1);
          }
          buckets.charge(KEY, 7);
          return buckets;
        });

    redis.closed = null;

    assertThat(loop.await(() -> ask(buckets, KEY, 1)).remaining()).isEqualTo(900 - 7 - 1);
  }

  @Test
  void allLeasesGoBackWhenTheGatewayStopsThoughTheyAreMoreThanTheLinkHolds() throws IOException {
    HandClock clock = new HandClock();
    LeasedBuckets buckets = loop.get(() -> leased(clock));
    for (int round = 0; round < 6; round++) {
      for (int from = 0; from < MANY; from += 300) {
        int first = from;
        loop.await(
            () ->
                Future.all(
                    IntStream.range(first, first + 300)
                        .mapToObj(i -> ask(buckets, user(i), 1))
                        .toList()));
      }
      clock.nanos += 1_000_000;
    }
    assertThat(server.command(HOLDING)).isEqualTo(":" + MANY);

    loop.await(buckets::close);

    assertThat(server.command(HOLDING)).isEqualTo(":0");
    assertThat(link.stats().errors()).isZero();
  }

  private static BucketKey user(int i) {
    return Objects.requireNonNull(BucketKey.parse(POLICY, "", "u=user" + i));
  }

  /** What Redis counts as unspent of the only replica. */
  private String held(String name) {
    String script =
        "for _, f in ipairs(redis.call('HKEYS', KEYS[1])) do"
            + " if string.sub(f, 1, 2) == 'o:' then return redis.call('HGET', KEYS[1], f) end end";
    try {
      return server.command("EVAL \"" + script + "\" 1 " + name);
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  private static Future<Reading> ask(Buckets buckets, BucketKey key, long tokens) {
    Promise<Reading> said = Promise.promise();
    buckets.ask(key.copy(), tokens, said);
    return said.future();
  }
}
