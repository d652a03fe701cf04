package app.avalo.gateway.filter.redis;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What callers of the link see while Redis comes, goes, freezes and returns. */
class RedisLinkIT {
  private static final Script ADD =
      Script.of("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])");
  private static final Duration DEADLINE = Duration.ofMillis(50);

  private static final Duration SLACK = Duration.ofMillis(300);
  private static final Duration RECOVERY = Duration.ofSeconds(10);

  private final Loop loop = new Loop();
  private final List<AutoCloseable> servers = new ArrayList<>();
  private final List<RedisLink> links = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    loop.get(
        () -> {
          links.forEach(RedisLink::close);
          return true;
        });
    loop.close();
    for (AutoCloseable server : servers) {
      server.close();
    }
  }

  private RedisServer server(String... flags) {
    RedisServer server = RedisServer.start(flags);
    servers.add(server);
    return server;
  }

  private RedisLink link(StateConfig.Redis config) {
    RedisLink link = loop.get(() -> RedisLink.connect(loop.vertx(), config, Ticker.SYSTEM));
    links.add(link);
    return link;
  }

  private RedisLink linkUpTo(RedisServer server) {
    RedisLink link = link(server.config(DEADLINE, "t"));
    loop.until(RECOVERY, link::isUp);
    return link;
  }

  @Test
  void once_it_has_tried_it_is_up_if_there_is_a_redis() {
    RedisLink link = link(server().config(DEADLINE, "t"));

    loop.until(RECOVERY, () -> link.tried().isComplete());

    assertThat(link.isUp()).isTrue();
  }

  @Test
  void without_a_redis_it_says_soon_that_it_has_tried() {
    RedisServer server = server();
    server.kill();
    RedisLink link = link(server.config(DEADLINE, "t"));

    loop.until(RECOVERY, () -> link.tried().isComplete());

    assertThat(link.isUp()).isFalse();
  }

  private static Future<Long> add(RedisLink link) {
    return link.run(ADD, List.of("{t}:n"), List.of("1")).map(answer -> answer.toLong());
  }

  /** How one call ended. */
  private record Outcome(boolean answered, String failure, Duration took) {}

  private static Future<Outcome> timed(RedisLink link) {
    long start = Ticker.SYSTEM.nanos();
    return add(link)
        .transform(
            (n, failure) ->
                Future.succeededFuture(
                    new Outcome(
                        failure == null,
                        failure == null ? "" : failure.getClass().getSimpleName(),
                        Duration.ofNanos(Ticker.SYSTEM.nanos() - start))));
  }

  /** Calls one after the other until the condition holds, each within its deadline. */
  private List<Outcome> callUntilUp(RedisLink link, boolean up) {
    List<Outcome> outcomes = new ArrayList<>();
    long end = Ticker.SYSTEM.nanos() + RECOVERY.toNanos();
    do {
      outcomes.add(loop.await(() -> timed(link)));
      assertThat(Ticker.SYSTEM.nanos()).isLessThan(end);
    } while (loop.get(link::isUp) != up);
    assertBounded(outcomes);
    return outcomes;
  }

  private static void assertBounded(List<Outcome> outcomes) {
    assertThat(outcomes)
        .allSatisfy(
            outcome -> {
              assertThat(outcome.took()).isLessThan(DEADLINE.plus(SLACK));
              assertThat(outcome.failure()).isIn("", "StoreUnavailable");
            });
  }

  @Test
  void runsAScriptThatRedisDoesNotKnowYet() {
    RedisLink link = linkUpTo(server());

    assertThat(loop.await(() -> add(link))).isEqualTo(1);
    assertThat(loop.await(() -> add(link))).isEqualTo(2);
    assertThat(link.stats()).isEqualTo(new RedisLink.Stats(true, 0, 0, 0, 0));
  }

  @Test
  void runsAScriptThatRedisHasForgotten() throws IOException {
    RedisServer server = server();
    RedisLink link = linkUpTo(server);
    loop.await(() -> add(link));

    server.command("SCRIPT FLUSH");

    assertThat(loop.await(() -> add(link))).isEqualTo(2);
  }

  @Test
  void failsAtOnceWhileRedisIsAbsentAndFindsItLater() {
    RedisServer server = server();
    server.kill();
    RedisLink link = link(server.config(DEADLINE, "t"));

    Outcome absent = loop.await(() -> timed(link));
    assertThat(absent.answered()).isFalse();
    assertThat(absent.took()).isLessThan(SLACK);

    server.restart();
    loop.until(RECOVERY, link::isUp);
    assertThat(loop.await(() -> add(link))).isEqualTo(1);
  }

  @Test
  void recoversFromAKilledRedisThatReturnsEmpty() {
    RedisServer server = server();
    RedisLink link = linkUpTo(server);
    loop.await(() -> add(link));

    server.kill();
    callUntilUp(link, false);
    server.restart();
    loop.until(RECOVERY, link::isUp);

    assertThat(loop.await(() -> add(link))).as("counts anew").isEqualTo(1);
    assertThat(link.stats().reconnects()).isEqualTo(1);
  }

  @Test
  void stopsAskingAFrozenRedisAndReturnsWhenItThaws() {
    RedisServer server = server();
    RedisLink link = linkUpTo(server);
    loop.await(() -> add(link));

    server.stop();
    List<Outcome> frozen = callUntilUp(link, false);
    assertThat(frozen).hasSizeLessThan(8).noneMatch(Outcome::answered);
    assertThat(loop.await(() -> timed(link)).took()).as("down: at once").isLessThan(SLACK);
    server.cont();
    loop.until(RECOVERY, link::isUp);

    assertThat(loop.await(() -> timed(link)).answered()).isTrue();
    assertThat(link.stats().timeouts()).isPositive();
  }

  @Test
  void replacesAConnectionThatStaysSilentAndLeavesNoneBehind() throws IOException {
    RedisServer server = server();
    RedisLink link = linkUpTo(server);

    server.stop();
    loop.until(RECOVERY, () -> link.stats().pending() == 0 && !link.isUp());
    server.cont();
    loop.until(RECOVERY, link::isUp);

    assertThat(link.stats().reconnects()).isEqualTo(1);
    // The link's and the one that asks.
    loop.until(RECOVERY, () -> clients(server).contains("connected_clients:2\r\n"));
  }

  @Test
  void whoWantsALateAnswerHasItAndHearsWhenThereWillBeNone() throws IOException {
    RedisServer server = server();
    RedisLink link = linkUpTo(server);
    loop.await(() -> add(link));

    server.command("CLIENT PAUSE 200 ALL");
    CompletableFuture<Response> late =
        loop.start(() -> link.send(ADD, List.of("{t}:n"), List.of("1")));
    assertThat(loop.await(() -> timed(link)).answered()).isFalse();
    assertThat(late).succeedsWithin(RECOVERY);
    loop.until(RECOVERY, link::isUp);

    server.stop();
    CompletableFuture<Response> never =
        loop.start(() -> link.send(ADD, List.of("{t}:n"), List.of("1")));
    assertThat(never).failsWithin(RECOVERY);
    server.cont();
  }

  @Test
  void aRedisThatAnswersLateIsNotSilent() throws IOException {
    RedisServer server = server();
    RedisLink link = linkUpTo(server);
    loop.await(() -> add(link));

    for (int i = 0; i < 2; i++) {
      server.command("CLIENT PAUSE " + 2 * DEADLINE.toMillis() + " ALL");
      loop.await(() -> link.send(ADD, List.of("{t}:n"), List.of("1")));
    }

    assertThat(link.stats().timeouts()).isEqualTo(2);
    assertThat(link.isUp()).isTrue();
  }

  @Test
  void aRedisThatIsAlwaysTooSlowForLimitsIsNotAskedAnyMore() {
    Duration deadline = Duration.ofMillis(200);
    int road = SlowRoad.open(loop.vertx(), server().port(), Duration.ofMillis(130));
    RedisLink link =
        link(
            new StateConfig.Redis(
                StateConfig.Mode.SINGLE,
                List.of("redis://127.0.0.1:" + road),
                null,
                null,
                deadline,
                "t",
                1));
    loop.until(RECOVERY, link::isUp);

    loop.until(Duration.ofSeconds(2), () -> !link.isUp());

    StoreUnavailable refusal = loop.get(link::refusal);
    assertThat(refusal.late()).isTrue();
    assertThat(refusal.unsent()).isTrue();
  }

  private static String clients(RedisServer server) {
    try {
      return server.command("INFO clients");
    } catch (IOException failure) {
      return failure.toString();
    }
  }

  @Test
  void boundsEveryCallToASlowRedis() throws IOException {
    RedisServer server = server();
    RedisLink link = linkUpTo(server);

    server.command("CLIENT PAUSE 400 ALL");
    assertThat(callUntilUp(link, false)).noneMatch(Outcome::answered);

    loop.until(RECOVERY, link::isUp);
    assertThat(loop.await(() -> timed(link)).answered()).isTrue();
  }

  @Test
  void refusesWhatExceedsTheQueueAtOnce() {
    RedisServer server = server();
    RedisLink link = linkUpTo(server);
    server.stop();

    List<Future<Outcome>> calls = new ArrayList<>();
    loop.await(
        () -> {
          for (int i = 0; i < 600; i++) {
            calls.add(timed(link));
          }
          return Future.join(calls);
        });
    server.cont();

    assertThat(link.stats().errors()).isEqualTo(600 - Dial.QUEUE);
    assertThat(link.stats().timeouts()).isGreaterThanOrEqualTo(Dial.QUEUE);
    assertThat(calls).allSatisfy(call -> assertThat(call.result().answered()).isFalse());
  }

  @Test
  void reportsWhatRedisRefusesAsUnavailable() throws IOException {
    RedisServer server = server();
    RedisLink link = linkUpTo(server);
    server.command("SET {t}:n text");

    assertThat(loop.await(() -> timed(link)).failure()).isEqualTo("StoreUnavailable");
    assertThat(loop.get(link::isUp)).isTrue();
  }

  @Test
  void followsTheMasterThatSentinelNames() throws IOException {
    RedisServer master = server("--repl-diskless-sync-delay", "0");
    RedisServer replica = server("--replicaof", "127.0.0.1", "" + master.port());
    loop.until(RECOVERY, () -> role(replica).contains("master_link_status:up"));
    RedisServer sentinel = RedisServer.sentinel("main", master);
    servers.add(sentinel);
    loop.until(RECOVERY, () -> sentinelKnowsReplica(sentinel));
    RedisLink link =
        link(
            new StateConfig.Redis(
                StateConfig.Mode.SENTINEL,
                List.of(sentinel.url()),
                "main",
                null,
                DEADLINE,
                "t",
                1));
    loop.until(RECOVERY, link::isUp);
    loop.await(() -> add(link));

    master.kill();

    loop.until(Duration.ofSeconds(20), () -> role(replica).contains("role:master"));
    loop.until(RECOVERY, link::isUp);
    assertThat(loop.await(() -> timed(link)).answered()).isTrue();
  }

  private static String role(RedisServer server) {
    try {
      return server.command("INFO replication");
    } catch (IOException failure) {
      return failure.toString();
    }
  }

  private static boolean sentinelKnowsReplica(RedisServer sentinel) {
    try {
      return sentinel.command("INFO sentinel").contains("slaves=1");
    } catch (IOException failure) {
      return false;
    }
  }

  @Test
  void runsScriptsInACluster() throws IOException {
    RedisServer node = server("--cluster-enabled", "yes", "--cluster-config-file", config());
    for (int from = 0; from < 16_384; from += 4096) {
      StringBuilder slots = new StringBuilder("CLUSTER ADDSLOTS");
      for (int slot = from; slot < from + 4096; slot++) {
        slots.append(' ').append(slot);
      }
      assertThat(node.command(slots.toString())).isEqualTo("+OK");
    }
    loop.until(RECOVERY, () -> clusterOk(node));
    RedisLink link =
        link(
            new StateConfig.Redis(
                StateConfig.Mode.CLUSTER, List.of(node.url()), null, null, DEADLINE, "t", 1));
    loop.until(RECOVERY, link::isUp);

    // The first calls find their way among the nodes, which may take longer than the deadline.
    long end = Ticker.SYSTEM.nanos() + RECOVERY.toNanos();
    while (!loop.await(() -> timed(link)).answered()) {
      assertThat(Ticker.SYSTEM.nanos()).isLessThan(end);
    }

    node.stop();
    callUntilUp(link, false);
    node.cont();
    loop.until(RECOVERY, link::isUp);
    assertThat(loop.await(() -> timed(link)).answered()).isTrue();
  }

  private static String config() throws IOException {
    java.nio.file.Path file = java.nio.file.Files.createTempFile("nodes", ".conf");
    file.toFile().deleteOnExit();
    return file.toString();
  }

  private static boolean clusterOk(RedisServer node) {
    try {
      return node.command("CLUSTER INFO").contains("cluster_state:ok");
    } catch (IOException failure) {
      return false;
    }
  }
}
