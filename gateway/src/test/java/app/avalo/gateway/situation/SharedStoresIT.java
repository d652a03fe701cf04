package app.avalo.gateway.situation;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Gateways whose limits and budgets are in a Redis, as they are configured and stopped. */
class SharedStoresIT {
  private static final String LEASED = "avalo:ll:{leased:r=leased}";

  private final TestRegion region = TestRegion.start("eu");
  private RunningGateway gateway;

  @AfterEach
  void stop() {
    gateway.close();
    region.close();
  }

  private void start(String redis) {
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            state: {redis: {%s, deadline: 5s}}
            limits:
              forty: {key: header, header: X-Who, rate: 40/h}
              leased: {key: route, rate: 2000/h, mode: leased}
            budgets:
              month: {amount: 100 PLN, routes: [paid], cost: {perRequest: 0.001 PLN}}
            services:
              feed: {regions: {eu: ["http://127.0.0.1:%d"]}}
            routes:
              - {name: forty, match: {path: {prefix: /forty}}, service: feed, limits: [forty]}
              - {name: leased, match: {path: {prefix: /leased}}, service: feed, limits: [leased]}
              - {name: paid, match: {path: {prefix: /paid}}, service: feed}
            """
                .formatted(redis, region.port()));
    Awaiting.until(gateway.gateway()::isReady);
  }

  /** Of a budget: what all have leased and what they stated, and for how many that was charged. */
  private static String books(RedisServer redis) throws IOException {
    return redis.command(
        "EVAL \"local key = redis.call('KEYS', 'avalo:budget:{month}:*')[1]"
            + " local all, g, s, x = redis.call('HGETALL', key), 0, 0, 0"
            + " for i = 1, #all, 2 do local kind = string.sub(all[i], 1, 2)"
            + " if kind == 'g:' then g = g + tonumber(all[i + 1]) end"
            + " if kind == 's:' then s = s + tonumber(all[i + 1]) end"
            + " if kind == 'x:' then x = x + 1 end end"
            + " return g .. ' leased, ' .. s .. ' stated, ' .. x .. ' lost, '"
            + " .. (redis.call('HGET', key, 'v:feed') or 0) .. ' of feed'\" 0");
  }

  @Test
  void what_a_gateway_leased_of_a_budget_is_back_when_it_has_stopped() throws IOException {
    try (RedisServer redis = RedisServer.start()) {
      start(endpoints(List.of(redis)));
      for (int i = 0; i < 3; i++) {
        assertThat(gateway.get("/paid").statusCode()).isEqualTo(200);
      }

      gateway.close();

      assertThat(books(redis)).isEqualTo("3000 leased, 3000 stated, 0 lost, 3000 of feed");
    }
  }

  private static String endpoints(List<RedisServer> servers) {
    return servers.stream()
        .map(server -> '"' + server.url() + '"')
        .collect(Collectors.joining(", ", "endpoints: [", "]"));
  }

  private void assertFortyPassForEach(String... names) {
    for (String name : names) {
      int admitted = 0;
      for (int i = 0; i < 50; i++) {
        admitted += gateway.get("/forty", "X-Who", name).statusCode() == 200 ? 1 : 0;
      }
      assertThat(admitted).as(name).isEqualTo(40);
    }
    assertThat(gateway.gateway().shared().limits().counts().get("forty").degraded()).isZero();
  }

  @Test
  void a_limit_in_a_cluster_admits_exactly_its_capacity() throws IOException {
    List<RedisServer> nodes = RedisServer.cluster(3);
    try {
      Awaiting.until(() -> nodes.stream().allMatch(node -> node.serves(3)));
      start("mode: cluster, " + endpoints(nodes.subList(0, 1)));

      // Whose buckets are with the first, the second and the third node.
      assertFortyPassForEach("a", "b", "c", "d", "e", "f");
      for (RedisServer node : nodes) {
        assertThat(node.command("DBSIZE")).isNotEqualTo(":0");
      }
    } finally {
      nodes.forEach(RedisServer::close);
    }
  }

  @Test
  void a_limit_behind_a_sentinel_admits_exactly_its_capacity() throws IOException {
    try (RedisServer master = RedisServer.start();
        RedisServer sentinel = RedisServer.sentinel("main", master)) {
      start("mode: sentinel, masterName: main, " + endpoints(List.of(sentinel)));

      assertFortyPassForEach("a");
      assertThat(master.command("EXISTS avalo:rl:{forty:h=a}")).isEqualTo(":1");
    }
  }

  /** Tokens that replicas hold, as they said last. */
  private static int held(RedisServer redis) throws IOException {
    String answer =
        redis.command(
            "EVAL \"local all, held = redis.call('HGETALL', KEYS[1]), 0 for i = 1, #all, 2 do"
                + " if string.sub(all[i], 1, 2) == 'o:' then"
                + " held = held + tonumber(string.match(all[i + 1], '^[0-9]+')) end end"
                + " return held\" 1 "
                + LEASED);
    return Integer.parseInt(answer.substring(1));
  }

  @Test
  void what_a_gateway_holds_for_requests_to_come_is_back_when_it_has_stopped() throws IOException {
    try (RedisServer redis = RedisServer.start()) {
      start(endpoints(List.of(redis)));
      int served = 0;
      int held;
      do {
        for (int i = 0; i < 20; i++) {
          served += gateway.get("/leased").statusCode() == 200 ? 1 : 0;
        }
        held = held(redis);
      } while (held == 0 && served < 1500);
      assertThat(held).as("what is to be given back").isPositive();

      gateway.close();

      String[] bucket = redis.command("HGET " + LEASED + " b").split("[:/]");
      double part = Double.parseDouble(bucket[0]) / Double.parseDouble(bucket[1]);
      // A tenth is not in the bucket.
      assertThat(Math.round(part * 1800)).isGreaterThanOrEqualTo(1800 - served);
    }
  }
}
