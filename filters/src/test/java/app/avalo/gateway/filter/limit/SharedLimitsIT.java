package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.config.LimitConfig.OnStoreDown;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Limits that replicas share through a real Redis, and what holds while it is away. */
class SharedLimitsIT {
  private static final Duration DEADLINE = Duration.ofMillis(500);
  private static final Duration RECOVERY = Duration.ofSeconds(5);

  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private RedisLink link;
  private Counting redis;

  @BeforeEach
  void connect() {
    link = loop.link(server, DEADLINE);
    redis = new Counting(link);
  }

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  /** One gateway of several, with limits of its own. */
  private LimitFilter replica() {
    return new LimitFilter(new Limits(Ticker.SYSTEM, 1), redis, "t");
  }

  /** Asks; the error, or an empty one when the request may pass. */
  static Future<GatewayError> ask(LimitFilter filter, Exchange exchange) {
    Promise<GatewayError> decided = Promise.promise();
    filter.request(
        exchange,
        new Next() {
          @Override
          public void proceed(Exchange passed) {
            decided.complete(null);
          }

          @Override
          public void reply(Exchange refused, Reply.Local reply) {
            decided.complete(reply.error());
          }
        });
    return decided.future();
  }

  private static Exchange alice(Plan plan) {
    return Exchanges.on(plan).user("alice").live();
  }

  private long passes(LimitFilter filter, Plan plan, int requests) {
    List<Future<GatewayError>> answers = new ArrayList<>();
    loop.await(
        () -> {
          for (int i = 0; i < requests; i++) {
            answers.add(ask(filter, alice(plan)));
          }
          return Future.all(answers);
        });
    return answers.stream().filter(answer -> answer.result() == null).count();
  }

  @Test
  void sixtyFourCallersAtOnceOnTwoReplicasGetExactlyTheCapacity() {
    Plan plan =
        Policies.plan(Policies.named("calls").of(Policies.per(1, Duration.ofHours(1), 40)).build());
    LimitFilter one = replica();
    LimitFilter other = replica();
    List<Future<GatewayError>> answers = new ArrayList<>();

    loop.await(
        () -> {
          for (int i = 0; i < 64; i++) {
            answers.add(ask(i % 2 == 0 ? one : other, alice(plan)));
          }
          return Future.all(answers);
        });

    assertThat(answers.stream().filter(answer -> answer.result() == null)).hasSize(40);
    assertThat(answers.stream().filter(answer -> answer.result() != null))
        .allSatisfy(answer -> assertThat(answer.result().retryAfterSeconds()).isEqualTo(3600));
  }

  @Test
  void aRefusalIsRememberedAndRedisNotAskedAgain() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(1)).build());
    LimitFilter filter = replica();
    passes(filter, plan, 1);
    passes(filter, plan, 1);
    int before = redis.calls;

    assertThat(passes(filter, plan, 50)).isZero();

    assertThat(redis.calls).isEqualTo(before);
  }

  @Test
  void requestsForOneKeyShareTheirCallsToRedis() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(150)).build());
    LimitFilter filter = replica();
    int before = redis.calls;

    assertThat(passes(filter, plan, 400)).isEqualTo(150);

    assertThat(redis.calls - before).as("the first alone, all others together").isEqualTo(2);
  }

  @Test
  void whoQueuesBehindACallWaitsNoLongerThanTheDeadlineInAll() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(5)).build());
    LimitFilter filter = replica();
    passes(filter, plan, 1);
    server.stop();
    long start = Ticker.SYSTEM.nanos();
    CompletableFuture<GatewayError> first = loop.start(() -> ask(filter, alice(plan)));
    CompletableFuture<GatewayError> second =
        loop.start(
            () ->
                loop.vertx()
                    .timer(DEADLINE.toMillis() / 2)
                    .compose(at -> ask(filter, alice(plan))));

    CompletableFuture.allOf(first, second).join();

    // One and a half deadlines; two if the second had waited anew behind the first.
    assertThat(Ticker.SYSTEM.nanos() - start).isLessThan(DEADLINE.toNanos() * 9 / 5);
    server.cont();
  }

  @Test
  void aRedisThatStartsEmptyHearsOfWhatWasUsed() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(50)).build());
    LimitFilter filter = replica();
    assertThat(passes(filter, plan, 40)).isEqualTo(40);
    server.kill();
    loop.until(RECOVERY, () -> !redis.isUp());

    server.restart();
    loop.until(RECOVERY, redis::isUp);

    assertThat(passes(filter, plan, 50)).isBetween(10L, 20L);
  }

  @Test
  void whoWaitsAsToldIsServed() {
    Plan plan =
        Policies.plan(
            Policies.named("calls").of(Policies.per(1, Duration.ofSeconds(1), 1)).build());
    LimitFilter filter = replica();
    passes(filter, plan, 1);
    GatewayError refused = loop.await(() -> ask(filter, alice(plan)));

    GatewayError later =
        loop.await(
            () ->
                loop.vertx()
                    .timer(refused.retryAfterSeconds(), java.util.concurrent.TimeUnit.SECONDS)
                    .compose(waited -> ask(filter, alice(plan))));

    assertThat(later).isNull();
  }

  @Test
  void whatASharedBucketGaveIsGivenBackWhenAnotherRefuses() {
    LimitConfig wide = Policies.named("wide").of(perMinute(100)).build();
    LimitConfig tight = Policies.named("tight").of(perMinute(1)).build();
    LimitFilter filter = replica();
    // All ask before the first refusal is known, so each takes from the wide one first.
    passes(filter, Policies.plan(wide, tight), 20);

    Exchange exchange = alice(Policies.plan(wide));
    loop.await(() -> ask(filter, exchange));

    assertThat(exchange.limits().get(0).remaining()).isEqualTo(98);
  }

  @Test
  void whatARequestHasCostAfterAllIsChargedOrGivenBackInRedis() {
    Cost told = new Cost(5, Map.of(), 0, "X-Cost");
    for (Policies kind : List.of(Policies.named("exact"), Policies.named("leased").leased())) {
      LimitConfig policy = kind.of(Policies.per(30, Duration.ofDays(1), 30)).cost(told).build();
      Plan plan = Policies.plan(policy);
      LimitFilter filter = replica();
      LimitAdmin admin = new LimitAdmin(new Limits(Ticker.SYSTEM, 1), redis, "t", null);
      Exchange dear = alice(plan);
      Exchange cheap = alice(plan);
      loop.await(() -> ask(filter, dear));
      loop.get(() -> answer(filter, dear, "9"));
      loop.await(() -> ask(filter, cheap));
      loop.get(() -> answer(filter, cheap, "2"));

      loop.await(() -> ask(filter, alice(plan)));

      // 9 and 2 are paid, and 5 of the last; leases hold H back.
      long full = policy.name().equals("exact") ? 30 : 27;
      assertThat(remaining(admin, policy)).as(policy.name()).isEqualTo(full - 16);
    }
  }

  @Test
  void whatARequestHasCostAfterAllIsKnownToTheOthersAtOnce() {
    Cost told = new Cost(5, Map.of(), 0, "X-Cost");
    for (Policies kind : List.of(Policies.named("exact"), Policies.named("leased").leased())) {
      LimitConfig policy = kind.of(Policies.per(30, Duration.ofDays(1), 30)).cost(told).build();
      Plan plan = Policies.plan(policy);
      LimitFilter one = replica();
      LimitFilter other = replica();
      Exchange dear = alice(plan);
      Exchange next = alice(plan);
      loop.await(() -> ask(one, dear));
      loop.get(() -> answer(one, dear, "20"));

      loop.await(() -> ask(other, next));

      long full = policy.name().equals("exact") ? 30 : 27;
      assertThat(next.limits().get(0).remaining()).as(policy.name()).isEqualTo(full - 25);
    }
  }

  @Test
  void whoPassedAnOpenLimitWithoutPayingGetsNothingBack() {
    LimitConfig policy =
        Policies.named("calls")
            .of(Policies.per(30, Duration.ofDays(1), 30))
            .cost(new Cost(10, Map.of(), 0, "X-Cost"))
            .onStoreDown(OnStoreDown.OPEN)
            .build();
    Plan plan = Policies.plan(policy);
    LimitFilter filter = replica();
    passes(filter, plan, 1);
    server.kill();
    loop.until(RECOVERY, () -> !redis.isUp());
    Exchange free = alice(plan);
    loop.await(() -> ask(filter, free));
    server.restart();
    loop.until(RECOVERY, redis::isUp);

    loop.get(() -> answer(filter, free, "1"));
    passes(filter, plan, 1);

    LimitAdmin admin = new LimitAdmin(new Limits(Ticker.SYSTEM, 1), redis, "t", null);
    assertThat(remaining(admin, policy)).as("two have paid").isEqualTo(10);
  }

  private static boolean answer(LimitFilter filter, Exchange exchange, String cost) {
    filter.response(exchange, new Reply.Proxied(200, HttpHeaders.headers().add("X-Cost", cost)));
    return true;
  }

  private long remaining(LimitAdmin admin, LimitConfig policy) {
    return loop.await(() -> admin.peek(policy, "u=alice")).get(0).remaining();
  }

  @Test
  void whatIsLentUnderOtherRatesGoesBackWhenTheLoopStops() {
    LimitConfig policy = Policies.named("calls").leased().build();
    Limits limits = new Limits(Ticker.SYSTEM, 1);
    long until = Ticker.SYSTEM.epochMillis() + 60_000;
    new OtherRates(limits).give("u=alice", "4000/d", until);
    LimitFilter filter = new LimitFilter(limits, redis, "t");
    assertThat(passes(filter, Policies.plan(policy), 100)).isEqualTo(100);

    loop.await(filter::close);

    LimitAdmin admin = new LimitAdmin(limits, redis, "t", null);
    assertThat(remaining(admin, policy)).as("of 4000 without a tenth").isEqualTo(3500);
  }

  @Test
  void explainingReadsTheSharedBucketAndTakesNothing() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(5)).build());
    LimitFilter filter = replica();
    passes(filter, plan, 2);

    for (int i = 0; i < 5; i++) {
      Exchange asked = Exchanges.on(plan).user("alice").explained();
      loop.await(() -> ask(filter, asked));
      assertThat(asked.explanation().steps().get(0).facts()).containsEntry("remaining", 3L);
    }
  }

  @Test
  void aReloadKeepsTheShareToWhichTheBucketWasFull() {
    LimitFilter filter = replica();
    passes(
        filter,
        Policies.plan(
            Policies.named("calls").of(Policies.per(1, Duration.ofHours(1), 100)).build()),
        75);

    Plan tighter =
        Policies.plan(Policies.named("calls").of(Policies.per(1, Duration.ofHours(2), 40)).build());

    assertThat(passes(filter, tighter, 100)).isEqualTo(10);
  }

  @Test
  void adminSeesAndFillsASharedBucket() {
    LimitConfig policy =
        Policies.named("calls").of(perMinute(5)).tier("vip", perMinute(50)).build();
    Limits limits = new Limits(Ticker.SYSTEM, 1);
    LimitFilter filter = new LimitFilter(limits, redis, "t");
    LimitAdmin admin = new LimitAdmin(limits, redis, "t", null);
    passes(filter, Policies.plan(policy), 9);

    List<LimitAdmin.BucketView> used = loop.await(() -> admin.peek(policy, "u=alice"));
    loop.await(() -> admin.reset(policy, "u=alice"));

    assertThat(used).extracting(LimitAdmin.BucketView::tier).containsExactly("", "vip");
    assertThat(used).extracting(LimitAdmin.BucketView::remaining).containsExactly(0L, 50L);
    assertThat(used).extracting(LimitAdmin.BucketView::shared).containsExactly(true, true);
    assertThat(passes(filter, Policies.plan(policy), 9)).isEqualTo(5);
    assertThat(loop.start(() -> admin.peek(policy, "nonsense"))).failsWithin(RECOVERY);
  }

  @Test
  void theThreeWaysToLiveWithoutRedisAndTheWayBack() {
    Plan local = Policies.plan(Policies.named("local").of(perMinute(5)).build());
    Plan open =
        Policies.plan(
            Policies.named("open").of(perMinute(5)).onStoreDown(OnStoreDown.OPEN).build());
    Plan closed =
        Policies.plan(
            Policies.named("closed").of(perMinute(5)).onStoreDown(OnStoreDown.CLOSED).build());
    LimitFilter filter = replica();

    server.kill();
    loop.until(RECOVERY, () -> !redis.isUp());

    assertThat(passes(filter, local, 20)).as("a tenth, but one request").isEqualTo(1);
    assertThat(passes(filter, open, 20)).isEqualTo(20);
    assertThat(passes(filter, closed, 20)).isZero();
    assertThat(loop.await(() -> ask(filter, alice(closed))).kind())
        .isEqualTo(GatewayError.Kind.STORE_DOWN);

    server.restart();
    loop.until(RECOVERY, redis::isUp);
    assertThat(passes(filter, closed, 20)).isEqualTo(5);
  }

  @Test
  void whileRedisRefusesToWriteTheShareDecidesHoweverLittleWasLeft() throws IOException {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(10)).build());
    LimitFilter filter = replica();
    passes(filter, plan, 8);

    server.command("CONFIG SET maxmemory 1");

    assertThat(passes(filter, plan, 20)).as("a tenth").isEqualTo(1);
    assertThat(redis.isUp()).isTrue();
  }

  @Test
  void aFrozenRedisDelaysARequestByTheDeadlineAtMost() {
    Plan local = Policies.plan(Policies.named("local").of(perMinute(5)).build());
    LimitFilter filter = replica();
    server.stop();

    long start = Ticker.SYSTEM.nanos();
    assertThat(passes(filter, local, 20)).isEqualTo(1);
    Duration took = Duration.ofNanos(Ticker.SYSTEM.nanos() - start);
    server.cont();

    assertThat(took).isLessThan(DEADLINE.plusMillis(700));
  }
}
