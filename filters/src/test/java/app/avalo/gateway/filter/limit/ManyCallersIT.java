package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.per;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Exact limits of many callers at once, whose buckets go to Redis together. */
class ManyCallersIT {
  private static final Duration RECOVERY = Duration.ofSeconds(5);

  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private final Counting redis = new Counting(loop.link(server, Duration.ofSeconds(2)));
  private final LimitFilter filter =
      loop.get(() -> new LimitFilter(new Limits(Ticker.SYSTEM, 1), redis, "t"));

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  private static Plan plan(int tokens, Cost cost) {
    LimitConfig.Bandwidth allowance = per(tokens, Duration.ofDays(1), tokens);
    return Policies.plan(Policies.named("calls").of(allowance).cost(cost).build());
  }

  private static Plan plan(int tokens) {
    return plan(tokens, new Cost(1, Map.of(), 0, null));
  }

  /** How many requests of each caller pass, all in one turn of the event loop. */
  private Map<String, Integer> passes(Plan plan, List<String> callers) {
    List<Future<GatewayError>> answers = new ArrayList<>();
    loop.await(
        () -> {
          for (String caller : callers) {
            Exchange exchange = Exchanges.on(plan).user(caller).live();
            answers.add(SharedLimitsIT.ask(filter, exchange));
          }
          return Future.all(answers);
        });
    Map<String, Integer> passed = new LinkedHashMap<>();
    for (int i = 0; i < callers.size(); i++) {
      passed.merge(callers.get(i), answers.get(i).result() == null ? 1 : 0, Integer::sum);
    }
    return passed;
  }

  @Test
  void callersOfOneMomentShareTheirCallsAndNotTheirTokens() {
    List<String> callers = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      callers.add("caller-" + i % 200);
    }
    int before = redis.calls;

    Map<String, Integer> passed = passes(plan(2), callers);

    assertThat(passed).hasSize(200);
    assertThat(passed.values()).containsOnly(2);
    assertThat(redis.calls - before).as("32 buckets a call, each asked about twice").isEqualTo(14);
    assertThat(passes(plan(2), callers).values()).containsOnly(0);
  }

  @Test
  void aKeyThatIsNoBucketCountsAsFullAndHarmsNoOther() throws IOException {
    server.command("RPUSH t:rl:{calls:u=bob} this is a list");
    server.command("SET t:rl:{calls:u=carol} nonsense");

    Map<String, Integer> passed = passes(plan(1), List.of("alice", "bob", "carol", "dave"));

    assertThat(passed.values()).containsOnly(1);
    assertThat(passes(plan(1), List.of("alice", "bob", "carol", "dave")).values()).containsOnly(0);
    assertThat(server.command("TYPE t:rl:{calls:u=bob}")).contains("string");
  }

  @Test
  void aRedisThatStartsEmptyHearsWhatWasUsedFromALateCostToo() {
    Plan plan = plan(30, new Cost(5, Map.of(), 0, "X-Cost"));
    Exchange dear = Exchanges.on(plan).user("alice").live();
    loop.await(() -> SharedLimitsIT.ask(filter, dear));
    passes(plan, List.of("alice", "alice", "alice", "alice"));
    server.kill();
    loop.until(RECOVERY, () -> !redis.isUp());
    server.restart();
    loop.until(RECOVERY, redis::isUp);

    loop.get(
        () -> {
          filter.response(dear, new Reply.Proxied(200, HttpHeaders.headers().add("X-Cost", "9")));
          return true;
        });

    // 29 of 30 are used.
    assertThat(passes(plan, List.of("alice")).values()).containsOnly(0);
  }
}
