package app.avalo.gateway.edge.wire;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.Wire;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Heads of HTTP/1.x to clients, as bytes, with the lines that filters add to them. */
class ResponseEncoderIT {
  private static final String GOOD = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  private static final String POLICY = "ratelimit-policy: \"one\";q=9;w=3600";

  private ScriptedUpstream upstream;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    upstream = new ScriptedUpstream();
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners: [{name: plain, address: "127.0.0.1:0"}]
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions: {eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}}
            services: {feed: {regions: {eu: "http://127.0.0.1:%d"}}}
            limits:
              one: {key: address, rate: 9/h}
              two: {key: route, rates: [5/s, 100/h]}
              silent: {key: address, rate: 3/h, fields: false}
            routes:
              - {name: free, match: {path: /free}, service: feed}
              - {name: one, match: {path: /one}, service: feed, limits: [one]}
              - {name: both, match: {path: /both}, service: feed, limits: [one, silent, two]}
              - {name: silent, match: {path: /silent}, service: feed, limits: [silent]}
            """
                .formatted(upstream.port()));
  }

  @AfterEach
  void stop() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    gateway.close();
    upstream.close();
  }

  private static String ask(String method, String path) {
    return method + ' ' + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }

  /** Fields of limits in a head, without the seconds. */
  private static List<String> fields(String head) {
    return Arrays.stream(head.split("\r\n"))
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("ratelimit"))
        .map(line -> line.replaceAll(";t=\\d+", ""))
        .toList();
  }

  @Test
  void what_a_service_says_of_its_own_limits_is_replaced() {
    upstream.script(
        c ->
            c.send(
                "HTTP/1.1 200 OK\r\nRateLimit: \"own\";r=1\r\nRATELIMIT-POLICY: \"own\";q=1\r\n"
                    + "Content-Length: 2\r\n\r\nok"));
    try (Wire wire = new Wire(gateway.port())) {
      String head = wire.send(ask("GET", "/one")).readUntil("\r\n\r\nok");
      assertThat(fields(head)).containsExactly(POLICY, "ratelimit: \"one\";r=8");
      head = wire.send(ask("GET", "/silent")).readUntil("\r\n\r\nok");
      assertThat(fields(head))
          .containsExactlyInAnyOrder("RateLimit: \"own\";r=1", "RATELIMIT-POLICY: \"own\";q=1");
    }
  }

  @Test
  void interim_heads_have_no_lines() {
    upstream.script(
        c -> c.send("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" + GOOD));
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(ask("GET", "/one"));
      String interim = wire.readUntil("\r\n\r\n");
      assertThat(interim).startsWith("HTTP/1.1 103 ").contains("</a>");
      assertThat(fields(interim)).isEmpty();
      assertThat(fields(wire.readUntil("\r\n\r\nok"))).hasSize(2);
    }
  }

  private static String answer(String head) {
    if (head.contains("?chunked")) {
      return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    }
    if (head.contains("?empty")) {
      return "HTTP/1.1 204 No Content\r\n\r\n";
    }
    return head.startsWith("HEAD") ? GOOD.substring(0, GOOD.length() - 2) : GOOD;
  }

  @Test
  void each_answer_of_a_connection_has_its_own_lines_and_body() {
    upstream.script(
        c -> {
          for (ScriptedUpstream.Connection next = c; ; next = next.next()) {
            next.send(answer(next.head()));
          }
        });
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(ask("HEAD", "/one") + ask("GET", "/one?chunked") + ask("GET", "/one?empty"));
      wire.send(ask("GET", "/free") + ask("GET", "/none"));
      String head = wire.readUntil("\r\n\r\n");
      assertThat(head).startsWith("HTTP/1.1 200 ").contains("Content-Length: 2");
      assertThat(fields(head)).containsExactly(POLICY, "ratelimit: \"one\";r=8");
      String chunked = wire.readUntil("\r\n0\r\n\r\n");
      assertThat(chunked).startsWith("HTTP/1.1 200 ").contains("\r\n\r\n2\r\nok\r\n");
      assertThat(fields(chunked)).containsExactly(POLICY, "ratelimit: \"one\";r=7");
      String empty = wire.readUntil("\r\n\r\n");
      assertThat(empty).startsWith("HTTP/1.1 204 ");
      assertThat(fields(empty)).containsExactly(POLICY, "ratelimit: \"one\";r=6");
      String free = wire.readUntil("\r\n\r\nok");
      assertThat(free).startsWith("HTTP/1.1 200 ");
      assertThat(fields(free)).isEmpty();
      assertThat(wire.readUntil("}\n")).startsWith("HTTP/1.1 404 ");
    }
  }

  @Test
  void all_policies_that_show_have_members() {
    upstream.script(c -> c.send(GOOD));
    try (Wire wire = new Wire(gateway.port())) {
      String head = wire.send(ask("GET", "/both")).readUntil("\r\n\r\nok");
      assertThat(fields(head))
          .containsExactly(
              POLICY + ", \"two/s\";q=5;w=1, \"two/h\";q=100;w=3600",
              "ratelimit: \"one\";r=8, \"two/s\";r=4");
    }
  }

  @Test
  void an_old_client_has_them_too() {
    upstream.script(c -> c.send(GOOD));
    try (Wire wire = new Wire(gateway.port())) {
      String all = wire.send("GET /one HTTP/1.0\r\nHost: a\r\n\r\n").readAll();
      assertThat(all).endsWith("\r\n\r\nok");
      assertThat(fields(all)).containsExactly(POLICY, "ratelimit: \"one\";r=8");
    }
  }
}
