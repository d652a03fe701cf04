package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A leased limit of a day in a Redis that forgets. */
class ForgottenLeaseIT {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @Test
  void whoHasUsedUpTheDayHasNoOtherAsRedisForgetsThoughHisLeaseIsLongOver() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      VirtualTime time = new VirtualTime();
      var link = loop.link(server, PATIENCE);
      VirtualRedis road = new VirtualRedis(loop, link, time, Duration.ofNanos(500_000));
      LimitFilter filter = new LimitFilter(new Limits(time, 1), road, "t");
      Plan plan =
          Policies.plan(
              Policies.named("calls")
                  .of(Policies.per(100, Duration.ofDays(1), 100))
                  .leased()
                  .build());
      int passed = passes(filter, plan, time, 150);
      for (int more = passed; more > 0; passed += more) {
        time.advance(Duration.ofSeconds(3)); // what was out unspent comes back
        more = passes(filter, plan, time, 50);
      }
      assertThat(passed).isBetween(90, 100);
      time.advance(Duration.ofSeconds(3));

      server.kill();
      loop.until(PATIENCE, () -> !link.isUp());
      server.restart();
      loop.until(PATIENCE, link::isUp);
      road.back();

      assertThat(passes(filter, plan, time, 20)).isZero();
    }
  }

  private static int passes(LimitFilter filter, Plan plan, VirtualTime time, int requests) {
    List<Boolean> passed = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      SharedLimitsIT.ask(filter, Exchanges.on(plan).user("alice").live())
          .onSuccess(error -> passed.add(error == null));
      time.advance(Duration.ofMillis(2));
    }
    assertThat(passed).hasSize(requests);
    return (int) passed.stream().filter(one -> one).count();
  }
}
