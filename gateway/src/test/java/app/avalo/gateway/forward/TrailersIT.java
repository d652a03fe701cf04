package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.FrameClient;
import app.avalo.gateway.testing.FrameUpstream;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.Wire;
import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What comes behind a body or before an answer, between HTTP/1.1 and HTTP/2 in all four ways. */
class TrailersIT {
  private static final String CHUNKED = "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  private static final BlockingQueue<String> BODIES = new LinkedBlockingQueue<>();
  private static ScriptedUpstream old;
  private static FrameUpstream framed;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    old = new ScriptedUpstream();
    framed = new FrameUpstream();
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners: [{name: plain, address: "127.0.0.1:0", http2: true}]
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            defaults:
              health: {timeout: 9s}
              timeouts: {connect: 5s, attempt: 9s, total: 20s}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            budgets:
              told:
                amount: 100 PLN
                services: [paid, paid-framed]
                cost: {header: X-Cost, perThousand: {X-Tokens: 2 PLN}, reserve: 1 PLN}
            services:
              old: {regions: {eu: "http://127.0.0.1:%1$d"}}
              framed: {protocol: http2, regions: {eu: "http://127.0.0.1:%2$d"}}
              paid: {regions: {eu: "http://127.0.0.1:%1$d"}}
              paid-framed: {protocol: http2, regions: {eu: "http://127.0.0.1:%2$d"}}
            routes:
              - {name: paid, match: {path: /paid/old}, service: paid}
              - {name: paid-framed, match: {path: /paid/framed}, service: paid-framed}
              - {name: old, match: {path: {prefix: /old}}, service: old}
              - {name: framed, match: {path: {prefix: /framed}}, service: framed}
            """
                .formatted(old.port(), framed.port()));
  }

  @AfterEach
  void settle() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    old.close();
    framed.close();
  }

  /** Takes a chunked body as it is on the wire, and answers. */
  private static void takeChunks(ScriptedUpstream.Connection connection) throws IOException {
    BODIES.add(chunks(connection));
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }

  private static String chunks(ScriptedUpstream.Connection connection) throws IOException {
    StringBuilder body = new StringBuilder();
    while (!body.toString().contains("0\r\n") || !body.toString().endsWith("\r\n\r\n")) {
      String next = connection.read(1);
      if (next.isEmpty()) {
        throw new EOFException();
      }
      body.append(next);
    }
    return body.toString();
  }

  private static String body() throws InterruptedException {
    return String.valueOf(BODIES.poll(10, TimeUnit.SECONDS));
  }

  /** Answers when the trailers have come. */
  private static void answerTrailers(FrameUpstream.Call call) throws IOException {
    if (call.headers().path() == null) {
      call.fields(true, ":status", "200", "x-seen", call.headers().toString());
    }
  }

  private static FrameClient post(FrameClient client, String path) {
    return client.fields(
        1, false, ":method", "POST", ":scheme", "http", ":authority", "a", ":path", path);
  }

  @Test
  void trailers_of_a_request_pass_from_http_1_1_to_http_1_1() throws Exception {
    old.script(TrailersIT::takeChunks);
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("POST /old HTTP/1.1\r\n" + CHUNKED + "3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n");

      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
    }
    assertThat(body()).isEqualTo("3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n");
  }

  @Test
  void trailers_of_pipelined_requests_stay_with_their_requests() throws Exception {
    old.script(
        connection -> {
          takeChunks(connection);
          takeChunks(connection.next());
        });
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          ("POST /old HTTP/1.1\r\n" + CHUNKED + "1\r\na\r\n0\r\n\r\n")
              + ("POST /old HTTP/1.1\r\n" + CHUNKED + "1\r\nb\r\n0\r\nX-Sum: 2\r\n\r\n"));

      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
    }
    assertThat(body()).isEqualTo("1\r\na\r\n0\r\n\r\n");
    assertThat(body()).isEqualTo("1\r\nb\r\n0\r\nX-Sum: 2\r\n\r\n");
  }

  @Test
  void trailers_of_a_request_pass_from_http_2_to_http_1_1() throws Exception {
    old.script(TrailersIT::takeChunks);
    try (FrameClient client = new FrameClient(gateway.port())) {
      post(client, "/old").data(1, false, "abc").fields(1, true, "x-sum", "42");

      assertThat(client.readUntil(1, "HEADERS.*").get(0)).contains(":status: 200");
    }
    assertThat(body()).isEqualTo("3\r\nabc\r\n0\r\nx-sum: 42\r\n\r\n");
  }

  @Test
  void trailers_of_a_request_pass_from_http_1_1_to_http_2() {
    framed.script(TrailersIT::answerTrailers);
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("POST /framed HTTP/1.1\r\n" + CHUNKED + "3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n");

      assertThat(wire.readUntil("\r\n\r\n")).contains("x-sum: 42");
    }
  }

  @Test
  void trailers_of_a_request_pass_from_http_2_to_http_2() {
    framed.script(TrailersIT::answerTrailers);
    try (FrameClient client = new FrameClient(gateway.port())) {
      post(client, "/framed").data(1, false, "abc").fields(1, true, "x-sum", "42");

      assertThat(client.readUntil(1, "HEADERS.*").get(0)).contains("x-sum: 42");
    }
  }

  @Test
  void trailers_that_must_not_be_any_are_left_out() throws Exception {
    framed.script(TrailersIT::answerTrailers);
    String answer;
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          ("POST /framed HTTP/1.1\r\n" + CHUNKED + "3\r\nabc\r\n0\r\n")
              + "X-Sum: 42\r\nHost: evil\r\nConnection: close\r\nAuthorization: x\r\n"
              + "X-Pin-Epoch: 9\r\nX-Avalo-User: root\r\nX-Forwarded-For: 1.2.3.4\r\n"
              + "Cookie: a=b\r\nTE: gzip\r\nIf-Match: x\r\nContent-Encoding: gzip\r\n\r\n");
      answer = wire.readUntil("\r\n\r\n");
    }

    assertThat(answer).contains("x-seen: DefaultHttp2Headers[x-sum: 42]");
  }

  @Test
  void trailers_of_the_gateway_itself_pass_neither_way_however_they_are_spelled() throws Exception {
    String internal =
        "X-Avalo-User: root\r\nx_avalo_user: root\r\nX-Pin_Epoch: 9\r\nX_Pin-Region: us\r\n"
            + "X_Forwarded_For: 1.2.3.4\r\nX_Request_Id: x\r\n";
    old.script(
        connection -> {
          BODIES.add(chunks(connection));
          connection.send(
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                  + internal
                  + "X-Sum: 43\r\n\r\n");
        });
    String answer;
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("POST /old HTTP/1.1\r\n" + CHUNKED + "0\r\n" + internal + "X-Sum: 42\r\n\r\n");
      answer = wire.readUntil("X-Sum: 43\r\n\r\n");
    }

    assertThat(body()).isEqualTo("0\r\nX-Sum: 42\r\n\r\n");
    assertThat(answer).endsWith("0\r\nX-Sum: 43\r\n\r\n");
  }

  @Test
  void trailers_of_an_answer_pass_from_http_2_to_http_1_1() {
    framed.script(
        call ->
            call.fields(false, ":status", "200")
                .data("abc", false)
                .fields(true, "x-sum", "42", "content-length", "7", "set-cookie", "a=b"));
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET /framed HTTP/1.1\r\nHost: a\r\n\r\n");

      assertThat(wire.readUntil("x-sum: 42\r\n\r\n"))
          .endsWith("3\r\nabc\r\n0\r\nx-sum: 42\r\n\r\n");
    }
  }

  @Test
  void trailers_of_an_answer_pass_from_http_2_to_http_2() {
    framed.script(
        call ->
            call.fields(false, ":status", "200").data("abc", false).fields(true, "x-sum", "42"));
    try (FrameClient client = new FrameClient(gateway.port())) {
      post(client, "/framed").data(1, true, "");
      List<String> frames = client.readUntil(1, ".* end");

      assertThat(frames).hasSize(3).element(1).isEqualTo("DATA abc");
      assertThat(frames.get(2)).isEqualTo("HEADERS DefaultHttp2Headers[x-sum: 42] end");
    }
  }

  private static long spent() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    return gateway.gateway().shared().ledger().view(gateway.gateway().plan()).get(0).spent();
  }

  @Test
  void what_an_answer_cost_is_read_from_its_trailers() {
    String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n";
    old.script(connection -> connection.send(head + "X-Cost: 0.25\r\nX-Tokens: 1500\r\n\r\n"));
    framed.script(
        call ->
            call.fields(false, ":status", "200")
                .data("abc", false)
                .fields(true, "x-cost", "0.5", "x-tokens", "250"));
    try (Wire wire = new Wire(gateway.port());
        FrameClient client = new FrameClient(gateway.port())) {
      wire.send("GET /paid/old HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("1500\r\n\r\n");
      assertThat(spent()).as("0.25 and 1.5 times 2").isEqualTo(3_250_000);

      wire.send("GET /paid/framed HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("250\r\n\r\n");
      assertThat(spent()).as("0.5 and a quarter of 2").isEqualTo(4_250_000);
      post(client, "/paid/framed").data(1, true, "");
      client.readUntil(1, ".* end");
      assertThat(spent()).isEqualTo(5_250_000);
    }
  }

  @Test
  void early_hints_pass_before_the_answer() {
    framed.script(
        call ->
            call.fields(false, ":status", "103", "link", "</a.css>; rel=preload")
                .fields(true, ":status", "200"));
    old.script(
        connection ->
            connection.send(
                "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: x\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    for (String path : List.of("/framed", "/old")) {
      try (Wire wire = new Wire(gateway.port());
          FrameClient client = new FrameClient(gateway.port())) {
        wire.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        post(client, path).data(1, true, "");

        assertThat(wire.readUntil("\r\n\r\n"))
            .startsWith("HTTP/1.1 103")
            .containsIgnoringCase("link: </a.css>; rel=preload")
            .doesNotContainIgnoringCase("connection");
        assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
        List<String> frames = client.readUntil(1, ".* end");
        assertThat(frames.get(0)).contains(":status: 103", "link: </a.css>");
        assertThat(frames.get(1)).contains(":status: 200");
      }
    }
  }

  @Test
  void a_client_of_http_1_0_sees_no_early_hints_and_nobody_sees_a_flood_of_them() {
    old.script(
        connection ->
            connection.send(
                "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n".repeat(30)
                    + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    try (Wire wire = new Wire(gateway.port());
        Wire modern = new Wire(gateway.port())) {
      wire.send("GET /old HTTP/1.0\r\nHost: a\r\n\r\n");
      assertThat(wire.readAll()).startsWith("HTTP/1.0 200").doesNotContain("103");
      modern.send("GET /old HTTP/1.1\r\nHost: a\r\n\r\n");

      assertThat(modern.readUntil("Content-Length: 0\r\n").split("HTTP/1.1 103")).hasSize(17);
    }
  }

  @Test
  void a_stream_of_events_begins_at_once_and_each_event_comes_at_once() {
    framed.script(
        call -> {
          call.fields(false, ":status", "200", "content-type", "text/event-stream");
          if (call.headers().path().toString().endsWith("events")) {
            call.data("data: 1\n\n", false);
          }
        });
    old.script(c -> c.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").read(1));
    try (Wire older = new Wire(gateway.port())) {
      older.send("GET /old HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(older.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
    }
    try (Wire wire = new Wire(gateway.port());
        FrameClient client = new FrameClient(gateway.port());
        FrameClient quiet = new FrameClient(gateway.port())) {
      wire.send("GET /framed/silence HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
      post(quiet, "/framed/silence").data(1, true, "");
      assertThat(quiet.readUntil(1, "HEADERS.*").get(0)).contains(":status: 200");
      post(client, "/framed/events").data(1, true, "");

      assertThat(client.readUntil(1, "(?s)DATA.*")).last().isEqualTo("DATA data: 1\n\n");
    }
  }
}
