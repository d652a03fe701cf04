package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.Standing;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.Wire;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Answers that a correct but unusual, a broken or a hostile upstream may give. */
class UpstreamOddsIT {
  private static ScriptedUpstream upstream;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    upstream = new ScriptedUpstream();
    gateway = RunningGateway.inFrontOf(upstream.port());
  }

  @AfterAll
  static void stop() {
    gateway.close();
    upstream.close();
  }

  @AfterEach
  void nothing_is_left_in_flight() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  private static Wire get(String path, String version) {
    return new Wire(gateway.port())
        .send("GET " + path + " " + version + "\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
  }

  @Test
  void a_head_does_not_wait_for_a_body_that_takes_its_time() {
    CompletableFuture<Void> seen = new CompletableFuture<Void>().orTimeout(10, TimeUnit.SECONDS);
    upstream.script(
        c -> {
          c.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
          seen.join();
          c.send("hello");
        });
    try (Wire wire = get("/", "HTTP/1.1")) {
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
      seen.complete(null);
      assertThat(wire.readUntil("hello")).endsWith("hello");
    }
  }

  @Test
  void a_chunked_answer_reaches_an_http_1_0_client_up_to_the_end_of_the_connection() {
    upstream.script(
        c ->
            c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
    try (Wire wire = get("/", "HTTP/1.0")) {
      assertThat(wire.readAll()).startsWith("HTTP/1.0 200").endsWith("\r\n\r\nhello");
    }
  }

  @Test
  void trailers_reach_the_client() {
    upstream.script(
        c ->
            c.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                    + "5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n"));
    try (Wire wire = get("/", "HTTP/1.1")) {
      assertThat(wire.readUntil("42\r\n\r\n").toLowerCase(Locale.ROOT)).contains("x-sum: 42");
    }
  }

  @Test
  void a_listed_content_length_does_not_take_the_framing_with_it() {
    upstream.script(
        c ->
            c.send(
                "HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 5\r\n\r\nhello"));
    try (Wire wire = get("/", "HTTP/1.1")) {
      assertThat(wire.readUntil("hello")).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void a_204_has_no_length() {
    upstream.script(c -> c.send("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"));
    try (Wire wire = get("/", "HTTP/1.1")) {
      assertThat(wire.readUntil("\r\n\r\n").toLowerCase(Locale.ROOT))
          .startsWith("http/1.1 204")
          .doesNotContain("content-length", "transfer-encoding");
    }
  }

  @Test
  void a_head_of_a_chunked_resource_promises_no_length() {
    upstream.script(c -> c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n").toLowerCase(Locale.ROOT))
          .startsWith("http/1.1 200")
          .doesNotContain("content-length: 0");
    }
  }

  @Test
  void a_second_answer_that_nobody_asked_for_reaches_nobody() {
    String one = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    AtomicInteger connections = new AtomicInteger();
    upstream.script(
        c -> {
          if (connections.incrementAndGet() == 1) {
            c.send(one + "ok" + one + "no").next();
          } else {
            c.send(one + "ok");
          }
        });
    try (Wire wire = get("/1", "HTTP/1.1")) {
      assertThat(wire.readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");
      wire.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
      assertThat(new String(wire.read(2), java.nio.charset.StandardCharsets.US_ASCII))
          .isEqualTo("ok");
    }
  }

  @Test
  void a_header_that_cannot_be_passed_on_is_502() {
    upstream.script(
        c -> c.send("HTTP/1.1 200 OK\r\nX-Odd: a\u0001b\r\nContent-Length: 2\r\n\r\nok"));
    try (Wire wire = get("/", "HTTP/1.1")) {
      assertThat(wire.readUntil("\r\n\r\n")).containsPattern("^HTTP/1.1 (200|502) ");
    }
  }

  @Test
  void an_early_answer_ends_the_upload_and_the_connection() {
    upstream.script(
        c -> c.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!").skip(1_000_000));
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n" + "x".repeat(1000));
      assertThat(wire.readUntil("no!").toLowerCase(Locale.ROOT))
          .startsWith("http/1.1 413")
          .contains("connection: close");
    }
  }

  @Test
  void a_refused_upgrade_leaves_no_connection_that_hangs() {
    upstream.script(
        c -> {
          c.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
          c.next().send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
      assertThat(wire.readUntil("no")).startsWith("HTTP/1.1 403");
    }
    upstream.script(c -> c.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    for (int i = 0; i < 4; i++) {
      try (Wire wire = get("/after", "HTTP/1.1")) {
        assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
      }
    }
  }

  @Test
  void an_upgrade_with_a_body_is_an_ordinary_request() {
    upstream.script(c -> c.skip(3).send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Content-Length: 3\r\n\r\nabc");
      assertThat(wire.readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");
    }
    assertThat(upstream.heads().get(0)).doesNotContainIgnoringCase("upgrade:");
  }

  @Test
  void a_stale_connection_costs_nobody_an_answer_however_it_died() {
    for (int round = 0; round < 5; round++) {
      upstream.script(
          c -> {
            c.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            c.next().reset();
          });
      try (Wire wire = get("/first", "HTTP/1.1")) {
        wire.readUntil("ok");
        wire.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
      }
    }
  }

  @Test
  void clients_that_break_off_downloads_do_not_spoil_the_regions_name() {
    for (int i = 0; i < 30; i++) {
      CountDownLatch gone = new CountDownLatch(1);
      upstream.script(
          c -> {
            c.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(20_000));
            c.socket().getInputStream().read();
            gone.countDown();
          });
      try (Wire wire = get("/big", "HTTP/1.1")) {
        wire.readUntil("\r\n\r\n");
      }
      Awaiting.until(() -> gone.getCount() == 0);
    }
    assertThat(gateway.gateway().health().standing(gateway.gateway().plan().regions().get(0)))
        .isEqualTo(Standing.IN_SERVICE);
  }

  @Test
  void an_absolute_http_1_0_target_without_host_keeps_its_authority() {
    upstream.script(c -> c.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET http://api.example/x HTTP/1.0\r\n\r\n");
      assertThat(wire.readAll()).endsWith("ok");
    }
    assertThat(upstream.heads().get(0).toLowerCase(Locale.ROOT))
        .contains("\r\nhost: api.example\r\n");
  }

  @Test
  void an_answer_follows_a_post_without_body_on_the_same_connection() {
    upstream.script(
        c -> {
          String ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
          c.send(ok).next().send(ok).next().send(ok);
        });
    try (Wire wire = new Wire(gateway.port())) {
      // Leaves a connection on top of the pool that is known to live.
      wire.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("\r\n\r\nok");
      wire.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");
      wire.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void an_expectation_other_than_100_continue_is_417() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\nx");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 417");
    }
  }
}
