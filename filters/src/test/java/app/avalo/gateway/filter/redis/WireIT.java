package app.avalo.gateway.filter.redis;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.time.Ticker;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The end of one connection. */
class WireIT {
  private static final Duration DEADLINE = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private final List<String> heard = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  private Wire wire() {
    Redis client = loop.get(() -> Dial.client(loop.vertx(), server.config(DEADLINE, "t")));
    return loop.await(
        () ->
            client
                .connect()
                .map(
                    connection ->
                        new Wire(
                            loop.vertx(),
                            client,
                            connection,
                            new Wire.Patience(DEADLINE, Ticker.SYSTEM),
                            () -> {},
                            reason -> heard.add("cleared away"))));
  }

  @Test
  void whoFindsItBrokenGoesOnBeforeItIsClearedAway() {
    Wire wire = wire();

    loop.get(
        () -> {
          wire.start((pong, failure) -> heard.add("who waited"));
          server.kill();
          // What is written first only tells the system that nobody reads it.
          while (!wire.dead()) {
            wire.send(Request.cmd(Command.PING));
          }
          return heard.add("who asked");
        });

    loop.until(PATIENCE, () -> heard.contains("cleared away"));
    assertThat(heard).containsExactly("who waited", "who asked", "cleared away");
  }
}
