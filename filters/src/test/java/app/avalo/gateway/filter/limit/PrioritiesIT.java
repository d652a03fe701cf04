package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One bucket from which requests of lower priority may not take the last part, in each mode. */
class PrioritiesIT {
  private static final Duration HOUR = Duration.ofHours(1);

  /** A route for each priority, in their order. */
  private static Plan plan(LimitConfig limit) {
    Plans plans = Plans.minimal().limit(limit);
    for (Priority priority : Priority.values()) {
      String name = priority.name();
      plans.route(Routes.toFeed().name(name).priority(priority).limits(limit.name()).build());
    }
    return plans.compile();
  }

  private static Policies policy(String name, long burst) {
    return Policies.named(name)
        .of(Policies.per(10, HOUR, burst))
        .reserve(Priority.NORMAL, 20)
        .reserve(Priority.LOW, 50);
  }

  private static Exchange request(Plan plan, Priority priority) {
    return Exchanges.on(plan).route(priority.ordinal()).user("alice").live();
  }

  /** So many requests, as many of them at once; those that pass. */
  private static long pass(
      Loop loop, LimitFilter filter, Plan plan, Priority priority, int requests) {
    List<Future<GatewayError>> answers = new ArrayList<>();
    loop.await(
        () -> {
          for (int i = 0; i < requests; i++) {
            answers.add(SharedLimitsIT.ask(filter, request(plan, priority)));
          }
          return Future.all(answers);
        });
    return answers.stream().filter(answer -> answer.result() == null).count();
  }

  /** The lower a request's priority, the earlier it finds the bucket empty. */
  private static void assertThatLowerPrioritiesLeaveTheirPart(
      Loop loop, LimitFilter filter, Plan plan, long whole) {
    assertThat(pass(loop, filter, plan, Priority.LOW, 100)).isEqualTo(whole / 2);
    assertThat(pass(loop, filter, plan, Priority.LOW, 1)).isZero();
    assertThat(pass(loop, filter, plan, Priority.NORMAL, 100)).isEqualTo(whole * 3 / 10);
    assertThat(pass(loop, filter, plan, Priority.HIGH, 100)).isEqualTo(whole / 5);
    assertThat(pass(loop, filter, plan, Priority.CRITICAL, 100)).isZero();
  }

  @Test
  void lowerPrioritiesLeaveTheirPartInThisProcess() {
    try (Loop loop = new Loop()) {
      LimitFilter filter = new LimitFilter(new Limits(Ticker.SYSTEM, 1), null, "t");
      Plan many = plan(policy("many", 10).local().build());
      Plan few = plan(policy("few", 10).key(KeyPart.SERVICE).local().build());

      assertThatLowerPrioritiesLeaveTheirPart(loop, filter, many, 10);
      assertThatLowerPrioritiesLeaveTheirPart(loop, filter, few, 10);
    }
  }

  @Test
  void lowerPrioritiesLeaveTheirPartInRedis() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      LimitFilter filter = new LimitFilter(new Limits(Ticker.SYSTEM, 1), loop.link(server), "t");

      assertThatLowerPrioritiesLeaveTheirPart(loop, filter, plan(policy("exact", 10).build()), 10);
      // With fewer than four tokens to lend Redis is asked each time; 10 of 11 are in its bucket.
      assertThatLowerPrioritiesLeaveTheirPart(
          loop, filter, plan(policy("leased", 11).leased().build()), 10);
    }
  }

  @Test
  void whatIsLentAheadOfRequestsOfLowPriorityIsNotOfTheReserve() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      Plan plan = plan(policy("leased", 1000).leased().build());
      LimitFilter filter = new LimitFilter(new Limits(Ticker.SYSTEM, 1), loop.link(server), "t");
      long low = 0;
      for (int i = 0; i < 20; i++) {
        low += pass(loop, filter, plan, Priority.LOW, 50);
      }

      // A lease that nobody used in time is lost, and low requests wait their turn: never more.
      assertThat(low).as("half of 900 in Redis").isBetween(200L, 450L);
      assertThat(pass(loop, filter, plan, Priority.CRITICAL, 400)).isEqualTo(400);
    }
  }

  @Test
  void whoIsRefusedForAReserveIsToldWhenThereIsMoreThanThat() {
    try (Loop loop = new Loop()) {
      LimitFilter filter = new LimitFilter(new Limits(Ticker.SYSTEM, 1), null, "t");
      Plan plan = plan(policy("calls", 10).local().build());
      pass(loop, filter, plan, Priority.CRITICAL, 7);

      Exchange refused = request(plan, Priority.LOW);
      GatewayError error = loop.await(() -> SharedLimitsIT.ask(filter, refused));

      // 3 of 10 are there; it needs one and leaves 5: three more, at 10 an hour.
      assertThat(error.retryAfterSeconds()).isEqualTo(3 * 360);
      assertThat(error.detail())
          .isEqualTo(
              "The limit of 10/h per caller is used up but for what is kept for priorities above low");
      assertThat(refused.limits().get(0).remaining()).isZero();
    }
  }
}
