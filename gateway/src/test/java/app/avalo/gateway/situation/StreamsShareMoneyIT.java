package app.avalo.gateway.situation;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.budget.BudgetDesk;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.ScriptedUpstream.Connection;
import app.avalo.gateway.testing.Wire;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers that flow from a gateway that shares its budgets: they wait for leases, and end. */
class StreamsShareMoneyIT extends PaidStreams {
  private RedisServer redis;

  @BeforeEach
  void startRedis() {
    redis = RedisServer.start();
  }

  @AfterEach
  void stopRedis() {
    redis.close();
  }

  /** Starts the gateway, and waits until this budget of it is shared. */
  private Wire share(long amount, int budget) throws IOException {
    start("{redis: {endpoints: [\"%s\"]}}".formatted(redis.url()), amount);
    Awaiting.until(() -> budget(budget).store() == BudgetView.Store.SHARED);
    return new Wire(gateway.port());
  }

  @Test
  void a_stream_that_is_faster_than_the_leases_of_its_gateway_waits_for_them() throws IOException {
    long amount = 40 * SLICE;
    try (Wire wire = share(amount, 0)) {
      upstream.script(connection -> pour(connection, "text/event-stream", EVENT));

      wire.send("GET /bytes" + GET).readUntil("\r\n\r\n");
      String events = unchunked(wire.readUntil("\r\n0\r\n\r\n"));

      assertThat(events.indexOf("event: budget\n") % EVENT.length()).isZero();
      assertThat(budget(0).spent()).isBetween(amount - AMOUNT, amount + SLICE);
    }
  }

  @Test
  void so_does_a_web_socket() throws IOException {
    long amount = 40 * SLICE;
    try (Wire wire = share(amount, 0)) {
      upstream.script(connection -> pourFrames(connection));

      String frames = wire.send(UPGRADE).readUntil(SPENT);

      assertThat(
              (frames.indexOf("\r\n\r\n") + 4 + SPENT.length() - frames.length()) % FRAME.length())
          .isZero();
      wire.send("\u0088\u0082\0\0\0\0\u0003\u00f0");
      assertThat(budget(0).spent()).isBetween(amount - AMOUNT, amount + SLICE);
    }
  }

  @Test
  void and_a_body_of_unknown_length() throws IOException {
    try (Wire wire = share(AMOUNT, 3)) {
      upstream.script(connection -> connection.read(1 << 20));

      wire.send(UPLOAD);
      for (int i = 0; i < 110; i++) {
        wire.trySend(KIBIBYTE);
      }

      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 429");
      assertThat(budget(3).spent()).isBetween(AMOUNT / 2, AMOUNT);
    }
  }

  @Test
  void the_client_of_a_web_socket_waits_while_redis_is_late() throws Exception {
    try (Wire wire = share(AMOUNT, 3)) {
      upstream.script(connection -> connection.send(SWITCHING).read(1 << 30));
      wire.send(UPGRADE.replace("/bytes", "/uploads")).readUntil("\r\n\r\n");
      redis.stop();
      Thread flood = new Thread(() -> wire.trySend(MASKED.repeat(1_000)));
      flood.start();

      assertThat(wire.readUntil(SPENT)).isEqualTo(SPENT);

      redis.cont();
      flood.join(10_000);
    }
    assertThat(budget(3).spent()).isBetween(1L, AMOUNT);
  }

  @Test
  void a_stream_ends_when_its_budget_is_frozen() throws IOException {
    try (Wire wire = share(1_000_000 * SLICE, 0)) {
      upstream.script(connection -> trickle(connection));
      wire.send("GET /bytes" + GET).readUntil(EVENT);
      long ordered = Ticker.SYSTEM.nanos();

      freeze("bytes");

      assertThat(wire.readUntil("\r\n0\r\n\r\n")).contains("event: budget\n", "is frozen by");
      assertThat(Duration.ofNanos(Ticker.SYSTEM.nanos() - ordered))
          .isLessThan(Duration.ofSeconds(3));
    }
  }

  private void freeze(String budget) {
    long until = Ticker.SYSTEM.epochMillis() + 3_600_000;
    BudgetDesk.Order order = new BudgetDesk.Order(true, until, "eva", "odd");
    gateway.gateway().shared().ledger().desk().order(budget, order);
  }

  /** A slice lasts about a tenth of a second. */
  private static void trickle(Connection to) throws IOException {
    to.send(HEAD + "text/event-stream\r\n\r\n");
    while (true) {
      chunk(to, EVENT);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
