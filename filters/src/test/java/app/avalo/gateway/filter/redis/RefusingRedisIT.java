package app.avalo.gateway.filter.redis;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A Redis that is there, but does not do what it is asked. */
class RefusingRedisIT {
  private static final Script ADD =
      Script.of("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])");
  private static final Duration DEADLINE = Duration.ofMillis(50);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private final RedisLink link = loop.link(server, DEADLINE);

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  private Future<Response> add() {
    return link.send(ADD, List.of("{t}:n"), List.of("1"));
  }

  @Test
  void aReplicaIsTriedLessAndLessOften() throws IOException {
    loop.await(this::add);
    server.command("REPLICAOF 127.0.0.1 1");
    long start = Ticker.SYSTEM.nanos();

    loop.until(
        PATIENCE,
        () -> {
          add();
          return link.stats().reconnects() == 7;
        });

    // 25, 50, 100, 200 and then 250 ms before each are the shortest waits that may be drawn.
    assertThat(Ticker.SYSTEM.nanos() - start).isGreaterThan(1_100_000_000L);
  }

  @Test
  void aScriptThatIsFoundToBeForgottenBehindTheDeadlineRunsForWhoWaitsOn() throws IOException {
    loop.await(this::add);
    server.command("SCRIPT FLUSH");
    server.command("CLIENT PAUSE 150 ALL");

    CompletableFuture<Response> late = loop.start(this::add);
    assertThat(loop.start(() -> link.run(ADD, List.of("{t}:n"), List.of("1"))))
        .as("who does not")
        .failsWithin(PATIENCE);

    assertThat(late).succeedsWithin(PATIENCE);
    assertThat(loop.await(this::add).toLong())
        .as("run once each, but for who gave up")
        .isEqualTo(3);
  }
}
