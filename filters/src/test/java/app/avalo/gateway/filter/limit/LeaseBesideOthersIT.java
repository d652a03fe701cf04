package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A leased limit on a route where another one decides as well. */
class LeaseBesideOthersIT {
  private static final int LEASED_ONLY = 0;
  private static final int BOTH = 1;

  private final Plan plan =
      Plans.minimal()
          .limit(Policies.named("leased").of(perMinute(4000)).leased().build())
          .limit(Policies.named("exact").of(perMinute(1)).build())
          .route(Routes.toFeed().name("leased").limits("leased").build())
          .route(Routes.toFeed().name("both").path("/both").limits("leased", "exact").build())
          .compile();

  private Exchange alice(int route) {
    return Exchanges.on(plan).route(route).user("alice").live();
  }

  private boolean passesAtOnce(LimitFilter filter) {
    Future<GatewayError> answer = SharedLimitsIT.ask(filter, alice(LEASED_ONLY));
    return answer.isComplete() && answer.result() == null;
  }

  @Test
  void whoIsRefusedElsewhereSpendsNothingOfALease() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisLink redis = loop.link(server);
      VirtualTime time = new VirtualTime(); // so that no lease ends while a busy machine stalls
      LimitFilter filter = loop.get(() -> new LimitFilter(new Limits(time, 1), redis, "t"));
      loop.await(() -> SharedLimitsIT.ask(filter, alice(BOTH)));
      loop.await(() -> SharedLimitsIT.ask(filter, alice(BOTH)));
      loop.await(
          () -> {
            List<Future<?>> many = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
              many.add(SharedLimitsIT.ask(filter, alice(LEASED_ONLY)));
            }
            return Future.all(many);
          });
      AtomicBoolean refusedAtOnce = new AtomicBoolean(true);

      loop.until(
          Duration.ofSeconds(10),
          () -> {
            time.advance(Duration.ofMillis(1));
            if (!passesAtOnce(filter)) {
              return false; // there is no lease yet, or not any more
            }
            for (int i = 0; i < 1000; i++) {
              if (!SharedLimitsIT.ask(filter, alice(BOTH)).isComplete()) {
                refusedAtOnce.set(false);
              }
            }
            // It may have been the last of the lease, but not each time.
            return passesAtOnce(filter);
          });

      assertThat(refusedAtOnce).as("without a call of Redis").isTrue();
    }
  }
}
