package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Limits whose keys are spread over the three nodes of a real cluster. */
class RedisClusterIT {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int USERS = 24;

  @Test
  void everyBucketLivesOnOneNodeAndHoldsThere() throws IOException {
    List<RedisServer> nodes = RedisServer.cluster(3);
    try (Loop loop = new Loop()) {
      loop.until(PATIENCE, () -> nodes.stream().allMatch(node -> node.serves(3)));
      List<String> urls = nodes.stream().map(RedisServer::url).toList();
      StateConfig.Redis config =
          new StateConfig.Redis(
              StateConfig.Mode.CLUSTER, urls, null, null, Duration.ofSeconds(2), "t", 1);
      RedisLink link = loop.get(() -> RedisLink.connect(loop.vertx(), config, Ticker.SYSTEM));
      loop.until(PATIENCE, link::isUp);
      LimitConfig exact =
          Policies.named("exact").of(Policies.per(5, Duration.ofHours(1), 5)).build();
      LimitConfig leased =
          Policies.named("leased").of(Policies.per(50, Duration.ofHours(1), 50)).leased().build();

      assertThat(passes(loop, link, exact, 8)).isEqualTo(USERS * 5);
      // A tenth of the burst is for leases only.
      assertThat(passes(loop, link, leased, 60)).isBetween(USERS * 43L, USERS * 50L);

      for (RedisServer node : nodes) {
        assertThat(node.command("DBSIZE")).isNotEqualTo(":0");
      }
      loop.get(
          () -> {
            link.close();
            return true;
          });
    } finally {
      nodes.forEach(RedisServer::close);
    }
  }

  private static long passes(Loop loop, RedisLink link, LimitConfig policy, int requestsEach) {
    Plan plan = Policies.plan(policy);
    LimitFilter filter = new LimitFilter(new Limits(Ticker.SYSTEM, 1), link, "t");
    List<Future<GatewayError>> answers = new ArrayList<>();
    loop.await(
        () -> {
          for (int i = 0; i < USERS * requestsEach; i++) {
            var exchange = Exchanges.on(plan).user("user" + i % USERS).live();
            answers.add(SharedLimitsIT.ask(filter, exchange));
          }
          return Future.all(answers);
        });
    return answers.stream().filter(answer -> answer.result() == null).count();
  }
}
