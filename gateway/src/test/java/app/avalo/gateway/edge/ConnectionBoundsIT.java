package app.avalo.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Http2Wire;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.Wire;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What one client may have of a port: connections, requests on each, fields and time for a head.
 */
class ConnectionBoundsIT {
  private static final String REQUEST = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

  private TestRegion region;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    region = TestRegion.start("eu");
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - name: plain
                address: "127.0.0.1:0"
                http2: true
                bounds:
                  headerTimeout: 400ms
                  headerCount: 10
                  connectionsPerAddress: 3
                  requestsPerConnection: 4
                  idleTimeout: 500ms
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%d"}}
            routes:
              - {name: hello, match: {path: /hello}, respond: {status: 200, body: "hello"}}
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(region.port()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    region.close();
  }

  private Wire open() {
    return new Wire(gateway.port());
  }

  private int counted() {
    return gateway.gateway().shared().openConnections().count();
  }

  @Test
  void an_address_has_so_many_connections_and_gets_new_ones_as_it_closes_some() {
    List<Wire> open = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      open.add(open());
      assertThat(open.get(i).send(REQUEST).readUntil("hello")).startsWith("HTTP/1.1 200");
    }
    try (Wire fourth = open()) {
      assertThat(fourth.isClosed()).isTrue();
    }
    open.get(0).close();
    Awaiting.until(() -> counted() == 2);
    try (Wire next = open()) {
      assertThat(next.send(REQUEST).readUntil("hello")).startsWith("HTTP/1.1 200");
    }
    open.forEach(Wire::close);
    Awaiting.until(() -> counted() == 0);
  }

  @Test
  void the_last_request_of_a_connection_is_told_so_and_what_follows_is_not_served() {
    try (Wire wire = open()) {
      String all = wire.send(REQUEST.repeat(6)).readAll();
      assertThat(all.split("HTTP/1.1 200", -1)).hasSize(5);
      assertThat(all.substring(all.lastIndexOf("HTTP/1.1"))).contains("connection: close");
      assertThat(all).containsOnlyOnce("connection: close");
    }
  }

  @Test
  void an_http_2_connection_says_goodbye_with_its_last_request() {
    try (Http2Wire wire = new Http2Wire(gateway.port())) {
      for (int i = 0; i < 4; i++) {
        wire.get(2 * i + 1, "/feed?delay=100");
      }
      assertThat(wire.next(Http2Wire.GOAWAY).goAwayCode()).isZero();
      for (int i = 0; i < 4; i++) {
        assertThat(wire.next(Http2Wire.DATA)).isNotNull();
      }
      assertThat(wire.next(Http2Wire.DATA)).isNull();
    }
  }

  @Test
  void more_fields_than_allowed_are_431() {
    try (Wire wire = open()) {
      String many = "X: y\r\n".repeat(12);
      wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n" + many + "\r\n");
      assertThat(wire.readAll()).startsWith("HTTP/1.");
    }
    try (Wire wire = open()) {
      wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n".repeat(12) + "\r\n");
      assertThat(wire.readUntil("\r\n")).contains(" 431 ");
    }
  }

  @Test
  void a_second_head_has_as_much_time_as_the_first() {
    try (Wire wire = open()) {
      assertThat(wire.send(REQUEST).readUntil("hello")).startsWith("HTTP/1.1 200");
      wire.send("GET /hello HTTP/1.1\r\nHost:");
      assertThat(wire.isClosed()).isTrue();
    }
  }

  @Test
  void a_connection_that_asks_for_nothing_is_closed_after_the_idle_timeout() {
    try (Wire wire = open()) {
      assertThat(wire.send(REQUEST).readUntil("hello")).startsWith("HTTP/1.1 200");
      assertThat(wire.isClosed()).isTrue();
    }
  }

  @Test
  void an_answer_may_take_longer_than_the_idle_timeout() {
    try (Wire wire = open()) {
      wire.send("GET /feed?delay=900 HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(wire.readUntil("eu")).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void a_client_that_asks_on_and_on_and_reads_nothing_is_not_read_either() {
    gateway.close();
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%d"}}
            routes:
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(region.port()));
    try (Wire wire = open()) {
      for (int i = 0; i < 2000; i++) {
        wire.send("GET /feed?bytes=60000 HTTP/1.1\r\nHost: a\r\n\r\n");
      }
      Awaiting.until(() -> region.requests() > 10);
      assertThat(gateway.get("/feed").statusCode()).isEqualTo(200);
      // 2000 answers are 120 MB; the kernel's buffers take a few of them.
      assertThat(region.requests()).isLessThan(500);
    }
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }
}
