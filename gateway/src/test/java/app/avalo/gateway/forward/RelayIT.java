package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.Wire;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What passes the gateway, and in which shape. */
class RelayIT {
  private static TestRegion region;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    region = TestRegion.start("eu");
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed:
                regions: {eu: ["http://127.0.0.1:%d"]}
                timeouts: {attempt: 300ms, total: 5s}
            routes:
              - {name: old, match: {path: {prefix: /old}}, redirect: {status: 308, to: "https://avalo.app{path}{query}"}}
              - {name: hello, match: {path: /hello}, respond: {status: 200, body: "hello"}}
              - {name: api, match: {path: {prefix: /api}}, service: feed, rewrite: {prefix: /v2}}
              - {name: small, match: {path: /small}, service: feed, bodyLimit: 1KiB}
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(region.port()));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    region.close();
  }

  @AfterEach
  void behave() {
    region.mode(Mode.NORMAL);
  }

  private static JsonObject headersSeen(HttpResponse<String> answer) {
    return new JsonObject(answer.body()).getJsonObject("headers");
  }

  @Test
  void a_request_and_its_answer_pass_with_path_query_and_headers() {
    HttpResponse<String> answer = gateway.get("/feed?a=1&b=%20x", "X-Mine", "yes");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-region")).hasValue("eu");
    JsonObject seen = new JsonObject(answer.body());
    assertThat(seen.getString("target")).isEqualTo("/feed?a=1&b=%20x");
    assertThat(headersSeen(answer).getString("x-mine")).isEqualTo("yes");
  }

  @Test
  void forwarding_headers_say_where_the_request_came_from() {
    HttpResponse<String> answer =
        gateway.get("/feed", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https");

    JsonObject seen = headersSeen(answer);
    assertThat(seen.getString("x-forwarded-for")).isEqualTo("203.0.113.9, 127.0.0.1");
    assertThat(seen.getString("x-forwarded-proto")).isEqualTo("https");
    assertThat(seen.getString("x-forwarded-host")).isEqualTo("127.0.0.1:" + gateway.port());
    assertThat(seen.getString("forwarded"))
        .isEqualTo("for=127.0.0.1;proto=http;host=\"127.0.0.1:" + gateway.port() + "\"");
    assertThat(seen.getString("via")).isEqualTo("1.1 test");
    assertThat(seen.getString("traceparent")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-00");
    assertThat(seen.getString("x-request-id"))
        .isEqualTo(answer.headers().firstValue("x-request-id").orElseThrow());
  }

  @Test
  void headers_of_one_hop_and_internal_ones_do_not_pass() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /feed HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
              + "TE: trailers\r\nProxy-Authorization: secret\r\nX-Pin-Epoch: 9\r\nX-Avalo-User: root\r\n\r\n");
      String answer = wire.readAll();

      assertThat(answer).startsWith("HTTP/1.1 200");
      assertThat(answer.toLowerCase(java.util.Locale.ROOT))
          .doesNotContain("x-hop\"", "keep-alive\"", "\"te\"", "secret", "x-pin-epoch", "root");
    }
  }

  @Test
  void a_prefix_is_rewritten_on_the_way_up() {
    assertThat(new JsonObject(gateway.get("/api/users?x=1").body()).getString("target"))
        .isEqualTo("/v2/users?x=1");
  }

  @Test
  void routes_without_a_service_answer_themselves() {
    assertThat(gateway.get("/hello").body()).isEqualTo("hello");
    HttpResponse<String> moved = gateway.get("/old/page?q=1");
    assertThat(moved.statusCode()).isEqualTo(308);
    assertThat(moved.headers().firstValue("location")).hasValue("https://avalo.app/old/page?q=1");
  }

  @Test
  void bodies_of_every_size_arrive_whole() {
    for (int size : new int[] {0, 1, 1024, 64 * 1024, 64 * 1024 + 1, 3_000_000}) {
      byte[] body = new byte[size];
      Arrays.fill(body, (byte) 'x');
      HttpResponse<String> answer =
          gateway.send(
              HttpRequest.newBuilder(gateway.uri("/feed"))
                  .POST(BodyPublishers.ofByteArray(body))
                  .build());
      assertThat(new JsonObject(answer.body()).getInteger("bodyBytes")).isEqualTo(size);
    }
  }

  @Test
  void a_chunked_body_is_streamed() {
    HttpResponse<String> answer =
        gateway.send(
            HttpRequest.newBuilder(gateway.uri("/feed"))
                .POST(
                    BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(new byte[200_000])))
                .build());

    assertThat(new JsonObject(answer.body()).getInteger("bodyBytes")).isEqualTo(200_000);
    assertThat(headersSeen(answer).getString("transfer-encoding")).isEqualTo("chunked");
  }

  @Test
  void large_answers_arrive_whole() {
    assertThat(gateway.get("/feed?bytes=5000000").body()).hasSize(5_000_000);
  }

  @Test
  void a_head_request_keeps_the_length_and_has_no_body() {
    HttpResponse<String> answer =
        gateway.send(
            HttpRequest.newBuilder(gateway.uri("/feed?bytes=77"))
                .method("HEAD", BodyPublishers.noBody())
                .build());

    assertThat(answer.headers().firstValue("content-length")).hasValue("77");
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void answers_without_body_have_no_framing() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET /feed?status=204 HTTP/1.1\r\nHost: a\r\n\r\n");
      String head = wire.readUntil("\r\n\r\n").toLowerCase(java.util.Locale.ROOT);
      assertThat(head).startsWith("http/1.1 204").doesNotContain("transfer-encoding");
      wire.send("GET /feed?status=304 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      String second = wire.readAll().toLowerCase(java.util.Locale.ROOT);
      assertThat(second).startsWith("http/1.1 304").doesNotContain("transfer-encoding");
    }
  }

  @Test
  void a_client_that_expects_100_continue_gets_it_after_admission() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "POST /feed HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 100");
      wire.send("abc");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void a_body_over_the_limit_is_413_whether_declared_or_streamed() {
    HttpResponse<String> declared =
        gateway.send(
            HttpRequest.newBuilder(gateway.uri("/small"))
                .POST(BodyPublishers.ofByteArray(new byte[2000]))
                .build());
    assertThat(declared.statusCode()).isEqualTo(413);
    assertThat(declared.headers().firstValue("content-type")).hasValue("application/problem+json");

    try (Wire wire = new Wire(gateway.port())) {
      wire.send("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      wire.send("7d0\r\n" + "x".repeat(2000) + "\r\n");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 413");
    }
  }

  @Test
  void an_upstream_body_that_ends_early_never_looks_complete() {
    try (Wire wire = new Wire(gateway.port())) {
      // Not repeatable, so nothing of its answer is held back.
      wire.send("POST /feed?mode=RESET_MID_BODY HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      String answer = wire.readAll();

      assertThat(answer).startsWith("HTTP/1.1 200").contains("Content-Length: 1000000");
      assertThat(answer.length()).isLessThan(1_000_000);
    }
  }

  @Test
  void garbage_from_the_upstream_is_502() {
    HttpResponse<String> answer = gateway.get("/feed?mode=GARBAGE");

    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.body()).contains("urn:avalo:gateway:upstream-protocol");
    assertThat(answer.body()).doesNotContain("127.0.0.1", "Exception");
  }

  @Test
  void pipelined_requests_are_answered_in_order() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /feed?delay=50&n=1 HTTP/1.1\r\nHost: a\r\n\r\n"
              + "GET /feed?n=2 HTTP/1.1\r\nHost: a\r\n\r\n"
              + "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      String answers = wire.readAll();

      assertThat(answers.indexOf("n=1")).isPositive().isLessThan(answers.indexOf("n=2"));
      assertThat(answers).endsWith("hello");
    }
  }

  @Test
  void an_http_1_0_client_gets_its_answer_and_the_end_of_the_connection() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET /feed HTTP/1.0\r\nHost: a\r\n\r\n");
      assertThat(wire.readAll()).startsWith("HTTP/1.0 200").contains("\"region\":\"eu\"");
    }
  }

  @Test
  void a_client_that_leaves_cancels_the_upstream_request() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("POST /feed?mode=NEVER_ANSWER HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      Awaiting.until(() -> gateway.gateway().inFlight() == 1);
    }

    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }
}
