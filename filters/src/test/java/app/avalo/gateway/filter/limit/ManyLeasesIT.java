package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig.OnStoreDown;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leased limits of more callers than calls may wait for Redis. */
class ManyLeasesIT {
  private static final int CALLERS = 2000;

  @Test
  void whatIsOwedAfterAnOutageKeepsNobodyElseFromRedis() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisLink link = loop.link(server);
      Counting redis = new Counting(link);
      Plan leased = Policies.plan(Policies.named("leased").of(perMinute(4000)).leased().build());
      Plan closed =
          Policies.plan(
              Policies.named("closed").of(perMinute(40)).onStoreDown(OnStoreDown.CLOSED).build());
      LimitFilter debtor =
          loop.get(() -> new LimitFilter(new Limits(Ticker.SYSTEM, 1), redis, "t"));
      LimitFilter other = loop.get(() -> new LimitFilter(new Limits(Ticker.SYSTEM, 1), link, "t"));
      redis.closed = new StoreUnavailable(StoreUnavailable.How.UNSENT, "away");
      long passed =
          loop.get(
              () -> {
                long passes = 0;
                for (int i = 0; i < CALLERS; i++) {
                  var exchange = Exchanges.on(leased).user("user" + i).live();
                  passes += SharedLimitsIT.ask(debtor, exchange).result() == null ? 1 : 0;
                }
                return passes;
              });
      assertThat(passed).isEqualTo(CALLERS);

      List<Future<GatewayError>> beside = new ArrayList<>();
      redis.closed = null;
      loop.until(
          Duration.ofSeconds(10),
          () -> {
            var exchange = Exchanges.on(closed).user("user" + beside.size()).live();
            beside.add(SharedLimitsIT.ask(other, exchange));
            return redis.calls >= CALLERS && link.stats().pending() < 10;
          });

      assertThat(link.stats().errors()).as("calls without room").isZero();
      assertThat(beside)
          .filteredOn(Future::isComplete)
          .extracting(Future::result)
          .containsOnlyNulls();
      assertThat(loop.get(() -> redis.calls)).as("each is told once").isEqualTo(CALLERS);
    }
  }
}
