package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.per;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Mode;
import app.avalo.gateway.config.LimitConfig.TimeOut;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A bucket that one gateway is told to fill up is full at all of them. */
class ResetsIT {
  private static final Duration DAY = Duration.ofDays(1);

  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private final RedisLink link = loop.link(server);
  private final Gateway here = new Gateway();
  private final Gateway there = new Gateway();
  private LimitConfig policy = Policies.named("calls").build();

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  /** With two event loops, as far as limits go. */
  private final class Gateway {
    final Limits limits = new Limits(Ticker.SYSTEM, 2);
    final LimitFilter one = loop.get(() -> new LimitFilter(limits, link, "t"));
    final Counting road = new Counting(link);
    final LimitFilter other = loop.get(() -> new LimitFilter(limits, road, "t"));
    final Resets resets =
        new Resets(
            link, "t", (name, key) -> new LimitAdmin(limits, link, "t", null).filled(policy, key));

    void reset() {
      loop.await(resets::look);
      loop.await(() -> new LimitAdmin(limits, link, "t", resets).reset(policy, "u=alice"));
    }
  }

  private int passes(LimitFilter filter, int requests) {
    Plan plan = Policies.plan(policy);
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      var exchange = Exchanges.on(plan).user("alice").live();
      passed += loop.await(() -> SharedLimitsIT.ask(filter, exchange)) == null ? 1 : 0;
    }
    return passed;
  }

  @Test
  void whoWasRefusedTillTomorrowIsServedByEveryLoopOfEveryGateway() {
    for (Policies kind :
        new Policies[] {Policies.named("exact"), Policies.named("leased").leased()}) {
      policy = kind.of(per(20, DAY, 20)).build();
      loop.await(there.resets::look);
      assertThat(passes(here.one, 30)).isPositive();
      for (LimitFilter each : new LimitFilter[] {here.one, here.other, there.one, there.other}) {
        assertThat(passes(each, 10)).as(policy.name()).isZero();
      }

      here.reset();
      loop.await(there.resets::look);

      for (LimitFilter each : new LimitFilter[] {here.one, here.other, there.one, there.other}) {
        assertThat(passes(each, 3)).as(policy.name()).isEqualTo(3);
      }
    }
  }

  @Test
  void whatWasLetPassWithoutRedisIsForgivenToo() {
    for (Policies kind :
        new Policies[] {Policies.named("exact"), Policies.named("leased").leased()}) {
      policy = kind.of(per(20, DAY, 20)).build();
      assertThat(passes(here.other, 1)).isEqualTo(1);
      here.road.closed = new StoreUnavailable(StoreUnavailable.How.UNSENT, "closed");
      assertThat(passes(here.other, 5)).as("a share of two tokens").isEqualTo(1);
      here.road.closed = null;

      here.reset();

      assertThat(passes(here.other, 30)).isEqualTo(policy.mode() == Mode.EXACT ? 20 : 18);
    }
  }

  @Test
  void aResetThatIsAnsweredLateHasNotFailed() {
    Duration deadline = Duration.ofMillis(400);
    for (Policies kind :
        new Policies[] {Policies.named("exact"), Policies.named("leased").leased()}) {
      policy = kind.of(per(20, DAY, 20)).build();
      passes(here.one, 30);
      RedisLink hasty = loop.link(server, deadline);
      LimitAdmin admin = new LimitAdmin(here.limits, hasty, "t", here.resets);

      server.stop();
      CompletableFuture<Boolean> reset = loop.start(() -> admin.reset(policy, "u=alice"));
      loop.await(() -> loop.vertx().timer(deadline.toMillis() + 100));
      server.cont();

      assertThat(reset).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(true);
      assertThat(passes(here.one, 1)).as(policy.name()).isEqualTo(1);
    }
  }

  @Test
  void aResetHereHoldsThoughOthersCannotBeTold() {
    policy = Policies.named("calls").local().of(per(5, DAY, 5)).build();
    assertThat(passes(here.one, 10)).isEqualTo(5);
    Resets untold = new Resets(new RedisAway(new VirtualTime()), "t", (name, key) -> {});
    LimitAdmin admin = new LimitAdmin(here.limits, link, "t", untold);

    assertThat(loop.await(() -> admin.reset(policy, "u=alice"))).isFalse();

    assertThat(passes(here.one, 10)).isEqualTo(5);
  }

  @Test
  void whatEachGatewayKeepsForItselfIsFilledUpOnce() {
    TimeOut rule =
        new TimeOut(3, Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofHours(1));
    policy = Policies.named("calls").local().of(per(5, DAY, 5)).timeOut(rule).build();
    loop.await(there.resets::look);
    assertThat(passes(there.one, 10)).isEqualTo(5);
    assertThat(passes(here.one, 10)).isEqualTo(5);
    assertThat(there.limits.shutOut("calls")).isEqualTo(1);

    here.reset();
    loop.await(there.resets::look);
    assertThat(there.limits.shutOut("calls")).isZero();
    assertThat(passes(there.one, 5)).isEqualTo(5);
    assertThat(passes(here.other, 5)).isEqualTo(5);
    loop.await(there.resets::look);
    loop.await(here.resets::look);

    assertThat(passes(there.other, 2)).as("heard of again").isZero();
    assertThat(passes(here.one, 2)).as("what it was told itself").isZero();
    assertThat(Objects.requireNonNull(there.limits.counts().get("calls")).by())
        .containsKey(By.LOCAL);
  }
}
