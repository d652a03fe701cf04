package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one gateway makes of answers of Redis that come after its requests have been decided. */
class LateAnswersIT {
  private static final Duration LATER = Duration.ofMillis(60);

  private final VirtualTime time = new VirtualTime();
  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private final VirtualRedis road =
      new VirtualRedis(
          loop, loop.link(server, Duration.ofSeconds(5)), time, Duration.ofNanos(500_000));
  private final LimitFilter filter = new LimitFilter(new Limits(time, 1), road, "t");
  private final List<LimitVerdict> verdicts = new ArrayList<>();

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  private static List<LimitConfig> policies(Bandwidth bandwidth) {
    return List.of(
        Policies.named("exact").of(bandwidth).build(),
        Policies.named("leased").of(bandwidth).leased().build());
  }

  /** One request after the other, each decided before the next. */
  private LimitVerdict ask(LimitConfig policy, int requests) {
    for (int i = 0; i < requests; i++) {
      filter.request(
          Exchanges.on(Policies.plan(policy)).user("alice").live(),
          new Next() {
            @Override
            public void proceed(Exchange exchange) {
              verdicts.addAll(exchange.limits());
            }

            @Override
            public void reply(Exchange exchange, Reply.Local reply) {
              verdicts.addAll(exchange.limits());
            }
          });
      time.advance(Duration.ofMillis(16));
    }
    return verdicts.get(verdicts.size() - 1);
  }

  @Test
  void whatOthersMayHaveUsedUpMeanwhileIsNotLetPass() {
    for (LimitConfig policy : policies(perMinute(10))) {
      ask(policy, 6);

      road.delayEvery = 1;

      LimitVerdict late = ask(policy, 1);
      assertThat(late.by()).isEqualTo(LimitVerdict.By.LOCAL_SHARE);
      assertThat(late.allowed()).as(policy.name()).isFalse();
      road.delayEvery = Integer.MAX_VALUE;
      time.advance(LATER);
    }
  }

  @Test
  void whatRedisHadAndHasChargedIsNoLongerTheShares() {
    for (LimitConfig policy : policies(perMinute(100))) {
      ask(policy, 1);
      road.delayEvery = 1;

      // The share holds ten and earns one in 0.6 s; half of a minute's hundred are there.
      for (int i = 0; i < 30; i++) {
        assertThat(ask(policy, 1).allowed()).as(policy.name() + " " + i).isTrue();
      }

      road.delayEvery = Integer.MAX_VALUE;
      time.advance(LATER);
      if (policy.name().equals("exact")) { // of leased ones some are held
        assertThat(ask(policy, 1).remaining()).isEqualTo(100 - 32);
      }
    }
  }

  @Test
  void whatItHasNotChargedIs() {
    LimitConfig policy = policies(perMinute(100)).get(0);
    ask(policy, 1);
    road.delayEvery = 1;
    ask(policy, 1);
    road.open = true; // answers come, but no call goes

    int passed = 0;
    while (ask(policy, 1).allowed()) {
      passed++;
    }

    assertThat(passed).isBetween(9, 10);
  }

  @Test
  void norWhereLateAnswersHaveShutTheRoad() {
    for (LimitConfig policy : policies(perMinute(10))) {
      ask(policy, 6);

      road.open = true;

      LimitVerdict shut = ask(policy, 1);
      assertThat(shut.by()).isEqualTo(LimitVerdict.By.LOCAL_SHARE);
      assertThat(shut.allowed()).as(policy.name()).isFalse();
      road.open = false;
    }
  }

  @Test
  void withoutAConnectionTheShareDecidesAtOnce() {
    for (LimitConfig policy : policies(perMinute(10))) {
      ask(policy, 6);

      road.away = true;

      assertThat(ask(policy, 1).allowed()).as(policy.name()).isTrue();
      road.back();
    }
  }

  @Test
  void whoIsRefusedForALateAnswerIsToldWhenEnoughWillBeThere() {
    for (LimitConfig policy : policies(perMinute(10))) {
      ask(policy, 6);
      road.delayEvery = 1;

      LimitVerdict late = ask(policy, 1);

      assertThat(late.remaining()).as(policy.name()).isZero();
      // Six are missing; with this one half of the burst has to be left: two have to come back, or
      // two and a half
      // of the nine that are not for leases only.
      assertThat(late.retryAfterNanos())
          .as(policy.name())
          .isBetween(10_000_000_000L, 15_000_000_000L);
      time.advance(Duration.ofNanos(late.retryAfterNanos()));
      assertThat(ask(policy, 1).allowed()).as(policy.name()).isTrue();
      road.delayEvery = Integer.MAX_VALUE;
      time.advance(LATER);
    }
  }

  @Test
  void whatWasLetPassIsChargedThoughThePolicyHasChangedMeanwhile() {
    LimitConfig policy = policies(perMinute(10)).get(0);
    ask(policy, 1);
    road.away = true;
    assertThat(ask(policy, 1).by()).isEqualTo(LimitVerdict.By.LOCAL_SHARE);
    road.back();

    LimitVerdict verdict = ask(policies(perMinute(20)).get(0), 1);

    // Nine tenths of twenty are eighteen, and two more have passed.
    assertThat(verdict.remaining()).isEqualTo(16);
  }

  @Test
  void whatWasHeardLongAgoSaysNothing() {
    for (LimitConfig policy : policies(perMinute(10))) {
      ask(policy, 6);
      time.advance(Duration.ofMillis(1100));

      road.delayEvery = 1;

      LimitVerdict late = ask(policy, 1);
      assertThat(late.by()).isEqualTo(LimitVerdict.By.LOCAL_SHARE);
      assertThat(late.allowed()).as(policy.name()).isTrue();
      road.delayEvery = Integer.MAX_VALUE;
      time.advance(LATER);
    }
  }

  @Test
  void anAnswerIsAsOldAsItsQuestion() {
    LimitConfig policy = policies(perMinute(10)).get(0);
    ask(policy, 6);
    road.delayEvery = 1;
    ask(policy, 1);

    // When the next is decided, the last question is older than a second, its answer younger.
    time.advance(Duration.ofMillis(985));

    assertThat(ask(policy, 1).allowed()).isTrue();
  }

  @Test
  void whatCouldNotBeGivenBackAtOnceIsGivenBackLater() {
    for (LimitConfig policy : policies(perMinute(10))) {
      ask(policy, 1);
      road.delayEvery = 1;
      ask(policy, 1);
      road.open = true;
      time.advance(Duration.ofMillis(400));
      road.open = false;
      road.delayEvery = Integer.MAX_VALUE;

      // Two are used and this one: the second passed by the share, which its late grant paid for.
      // Of a leased limit a tenth is kept out.
      long full = policy.name().equals("exact") ? 10 : 9;
      assertThat(ask(policy, 1).remaining()).as(policy.name()).isEqualTo(full - 3);
    }
  }
}
