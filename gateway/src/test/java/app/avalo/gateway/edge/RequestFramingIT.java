package app.avalo.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Escaped;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.Wire;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that two parsers could read differently. Each is followed at once by an innocent one
 * that must never be served, since nobody knows where the first one ends.
 */
class RequestFramingIT {
  private static final AtomicInteger FOLLOWERS = new AtomicInteger();

  private static TestRegion region;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    region = TestRegion.start("eu");
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - {name: plain, address: "127.0.0.1:0"}
              - {name: both, address: "127.0.0.1:0", http2: true}
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed: {regions: {eu: ["http://127.0.0.1:%d"]}}
            routes:
              - {name: all, match: {host: api.avalo.app, path: {prefix: /}}, service: feed}
            """
                .formatted(region.port()));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    region.close();
  }

  static List<Escaped> hostile() {
    return Escaped.read(
        RequestFramingIT.class,
        "hostile-requests.txt",
        "{H}",
        "Host: api.avalo.app\\r\\n",
        "{C}",
        "Transfer-Encoding: chunked\\r\\n");
  }

  private final String id = "smuggled-" + FOLLOWERS.incrementAndGet();
  private final String follower =
      "GET /feed HTTP/1.1\r\nHost: api.avalo.app\r\nX-Test-Id: " + id + "\r\n\r\n";

  private void assertRefused(String answer) {
    // A request line that was never read has no version to answer in.
    assertThat(answer).matches("(?s)HTTP/1\\.[01] 400 .*");
    assertThat(answer)
        .containsIgnoringCase("content-type: application/problem+json")
        .endsWith("}\n")
        .containsOnlyOnce("HTTP/1.")
        .doesNotContain("xception", "netty", "vertx", "127.0.0.1");
    assertThat(region.seen(id)).isZero();
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void what_can_be_read_in_two_ways_is_400_and_nothing_behind_it_is_served(Escaped request) {
    long before = region.requests();
    try (Wire wire = new Wire(gateway.port())) {
      assertRefused(wire.send(request.text() + follower).readAll());
    }
    assertThat(region.requests()).isEqualTo(before);
  }

  static List<Escaped> hostileToHttp1() {
    return hostile().stream().filter(request -> !request.text().startsWith("PRI * ")).toList();
  }

  @ParameterizedTest
  @MethodSource("hostileToHttp1")
  void it_is_the_same_byte_by_byte_and_where_http_2_is_spoken_too(Escaped request) {
    try (Wire wire = new Wire(gateway.gateway().port("both"))) {
      for (char c : request.text().toCharArray()) {
        wire.trySend(String.valueOf(c));
      }
      wire.trySend(follower);
      assertRefused(wire.readAll());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /feed HTTP/1.1\r\nHost: api.avalo.app\r\nContent-Length: 0\r\n\r\n",
        "\r\nGET /feed HTTP/1.1\r\nHost: api.avalo.app\r\n\r\n",
        "GET /feed HTTP/1.1\r\nHost:api.avalo.app\t \r\nX:\r\nY: a\tb \u00e9\r\n\r\n",
        "GET http://API.avalo.app/feed HTTP/1.1\r\nHost: api.avalo.app\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: api.avalo.app\r\n\r\n",
        "POST /feed HTTP/1.1\r\nHost: api.avalo.app\r\nContent-Length: 005\r\n\r\nhello",
        "POST /feed HTTP/1.1\r\nHost: api.avalo.app\r\nTransfer-Encoding: Chunked\r\n\r\n"
            + "5;name=value\r\nhello\r\n00A ;x=\"y\"\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
      })
  void what_is_merely_unusual_is_served_and_so_is_what_follows(String request) {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(request + "GET /feed?last HTTP/1.1\r\nHost: api.avalo.app\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n")).matches("(?s)HTTP/1.1 (200|404|405) .*");
      assertThat(wire.readUntil("/feed?last")).contains("HTTP/1.1 200");
    }
  }

  @Test
  void pipelined_requests_are_answered_in_order_up_to_the_one_that_is_refused() {
    String good = "GET /feed?%d HTTP/1.1\r\nHost: api.avalo.app\r\n\r\n";
    try (Wire wire = new Wire(gateway.port())) {
      String all =
          wire.send(good.formatted(1) + good.formatted(2) + "GET  / HTTP/1.1\r\n\r\n" + follower)
              .readAll();
      assertThat(all.split("HTTP/1\\.[01] (?=\\d)", -1))
          .hasSize(4)
          .satisfies(parts -> assertThat(parts[1]).contains("/feed?1"))
          .satisfies(parts -> assertThat(parts[2]).contains("/feed?2"))
          .satisfies(parts -> assertThat(parts[3]).startsWith("400"));
    }
    assertThat(region.seen(id)).isZero();
  }

  @Test
  void chunk_extensions_may_not_outweigh_the_body() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("POST /feed HTTP/1.1\r\nHost: api.avalo.app\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 20; i++) {
        wire.trySend("1;" + "x".repeat(1000) + "\r\na\r\n");
      }
      assertThat(wire.readAll()).matches("(?s)HTTP/1.1 400 .*");
    }
  }

  @Test
  void nothing_is_left_in_flight() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }
}
