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
import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Limits whose keys are spread over the three nodes of a real cluster. */
class RedisClusterIT {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int USERS = 24;

  private static List<RedisServer> nodes;

  @BeforeAll
  static void start() {
    nodes = RedisServer.cluster(3);
  }

  @AfterAll
  static void stop() {
    nodes.forEach(RedisServer::close);
  }

  private static RedisLink link(Loop loop, Duration deadline) {
    loop.until(PATIENCE, () -> nodes.stream().allMatch(node -> node.serves(3)));
    List<String> urls = nodes.stream().map(RedisServer::url).toList();
    StateConfig.Redis config =
        new StateConfig.Redis(StateConfig.Mode.CLUSTER, urls, null, null, deadline, "t", 1);
    RedisLink link = loop.get(() -> RedisLink.connect(loop.vertx(), config, Ticker.SYSTEM));
    loop.until(PATIENCE, link::isUp);
    return link;
  }

  private static void close(Loop loop, RedisLink link) {
    loop.get(
        () -> {
          link.close();
          return true;
        });
  }

  @Test
  void everyBucketLivesOnOneNodeAndHoldsThere() throws IOException {
    try (Loop loop = new Loop()) {
      RedisLink link = link(loop, Duration.ofSeconds(2));
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
      close(loop, link);
    }
  }

  @Test
  void aSilentNodeHoldsNoCallForEver() {
    try (Loop loop = new Loop()) {
      RedisLink link = link(loop, Duration.ofMillis(500));
      Script nothing = Script.of("nothing", "return 1");
      nodes.get(2).stop();

      List<CompletableFuture<Response>> calls = new ArrayList<>();
      for (int i = 0; i < USERS; i++) {
        List<String> key = List.of("{" + i + "}");
        calls.add(loop.start(() -> link.send(nothing, key, List.of())));
      }

      assertThat(calls)
          .allSatisfy(call -> call.handle((answer, failure) -> true).get(3, TimeUnit.SECONDS));
      assertThat(calls).anyMatch(call -> !call.isCompletedExceptionally());
      assertThat(loop.get(() -> link.stats().pending()))
          .as("pings only, four in two seconds")
          .isLessThan(5);
      nodes.get(2).cont();
      close(loop, link);
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
