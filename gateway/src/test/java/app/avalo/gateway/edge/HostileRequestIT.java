package app.avalo.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.Wire;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is refused before it reaches a route; every refusal is a problem and the process lives on.
 */
class HostileRequestIT {
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
              - name: plain
                address: "127.0.0.1:0"
                bounds: {headerSize: 8KiB, uriSize: 4KiB, headerTimeout: 300ms}
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed:
                regions: {eu: ["http://127.0.0.1:%d"]}
            routes:
              - {name: all, match: {host: api.avalo.app, path: {prefix: /}, method: [GET, POST, OPTIONS]}, service: feed}
            """
                .formatted(region.port()));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    region.close();
  }

  private static String answer(String request) {
    try (Wire wire = new Wire(gateway.port())) {
      return wire.send(request).readUntil("}\n");
    }
  }

  private static void assertProblem(String answer, int status) {
    // A request line that was never read has no version to answer in.
    assertThat(answer).matches("(?s)HTTP/1\\.[01] " + status + " .*");
    assertThat(answer).containsIgnoringCase("content-type: application/problem+json");
    assertThat(answer).contains("\"requestId\":\"");
    assertThat(answer).doesNotContain("Exception", "netty", "vertx");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TRACE", "DELETE", "BREW"})
  void methods_that_are_not_offered_are_405_with_the_ones_that_are(String method) {
    String answer = answer(method + " / HTTP/1.1\r\nHost: api.avalo.app\r\n\r\n");

    assertProblem(answer, 405);
    assertThat(answer).containsIgnoringCase("allow: ").contains("GET");
  }

  @Test
  void an_unknown_host_is_404() {
    assertProblem(answer("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n"), 404);
  }

  @Test
  void a_request_line_over_the_bound_is_414() {
    assertProblem(
        answer("GET /" + "a".repeat(5000) + " HTTP/1.1\r\nHost: api.avalo.app\r\n\r\n"), 414);
  }

  @Test
  void headers_over_the_bound_are_431() {
    assertProblem(
        answer("GET / HTTP/1.1\r\nHost: api.avalo.app\r\nX: " + "a".repeat(9000) + "\r\n\r\n"),
        431);
  }

  @Test
  void a_connection_that_sends_no_request_in_time_is_closed() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET / HT");
      assertThat(wire.isClosed()).isTrue();
    }
  }

  @Test
  void a_client_without_trust_cannot_choose_its_address_or_request_id() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /feed HTTP/1.1\r\nHost: api.avalo.app\r\nX-Forwarded-For: 9.9.9.9\r\n"
              + "Forwarded: for=9.9.9.9\r\nX-Request-Id: mine\r\nConnection: close\r\n\r\n");
      assertThat(wire.readAll())
          .contains("\"x-forwarded-for\":\"127.0.0.1\"")
          .doesNotContain("9.9.9.9", "mine");
    }
  }

  @Test
  void a_refusal_keeps_the_connection_for_the_next_request() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n");
      assertThat(wire.readUntil("}\n")).startsWith("HTTP/1.1 404").doesNotContain("close");
      wire.send("GET /feed HTTP/1.1\r\nHost: api.avalo.app\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void the_gateway_still_serves_after_all_of_this() {
    for (String garbage :
        new String[] {
          "\0\0\0\0", "GET\r\n\r\n", "\r\n\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        }) {
      try (Wire wire = new Wire(gateway.port())) {
        wire.send(garbage);
      }
    }
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET /feed HTTP/1.1\r\nHost: api.avalo.app\r\nConnection: close\r\n\r\n");
      assertThat(wire.readAll()).startsWith("HTTP/1.1 200");
    }
  }
}
