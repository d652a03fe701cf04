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

/** Leased limits of callers who come now and then. */
class SeldomAskedIT {
  @Test
  void whoAsksFewerThanTenTimesASecondCostsOneCallEach() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      VirtualTime time = new VirtualTime();
      var link = loop.link(server, Duration.ofSeconds(5));
      VirtualRedis road = new VirtualRedis(loop, link, time, Duration.ofNanos(500_000));
      LimitFilter filter = new LimitFilter(new Limits(time, 1), road, "t");
      Plan plan =
          Policies.plan(
              Policies.named("calls")
                  .of(Policies.per(1000, Duration.ofSeconds(1), 1000))
                  .leased()
                  .build());
      List<Boolean> passed = new ArrayList<>();

      for (int i = 0; i < 40; i++) {
        SharedLimitsIT.ask(filter, Exchanges.on(plan).user("alice").live())
            .onSuccess(error -> passed.add(error == null));
        time.advance(Duration.ofMillis(180));
      }

      assertThat(passed).hasSize(40).containsOnly(true);
      assertThat(road.calls).isEqualTo(40);
    }
  }
}
