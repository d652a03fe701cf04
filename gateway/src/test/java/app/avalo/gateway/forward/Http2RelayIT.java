package app.avalo.gateway.forward;

import static app.avalo.gateway.testing.RunningGateway.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.Wire;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** HTTP/2 clients in front of HTTP/1.1 services, by prior knowledge on a plain port. */
class Http2RelayIT {
  private static TestRegion eu;
  private static TestRegion us;
  private static RunningGateway gateway;
  private static HttpServer chatty;
  private static HttpClientAgent client;
  private HttpClientConnection connection;

  @BeforeAll
  static void start() {
    eu = TestRegion.start("eu");
    us = TestRegion.start("us");
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - {name: plain, address: "127.0.0.1:0", http2: true, bounds: {headerSize: 8KiB}}
            admin: {address: "127.0.0.1:0"}
            trustedHops: [127.0.0.0/8]
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
              us: {index: 1, place: San Francisco, latitude: 37.7, longitude: -122.4}
            placing: {order: [eu, us]}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%d", us: "http://127.0.0.1:%d"}}
              chatty: {regions: {eu: "http://127.0.0.1:%d"}}
            routes:
              - {name: chatty, match: {path: {prefix: /chatty}}, service: chatty}
              - {name: small, match: {path: /small}, service: feed, bodyLimit: 1KiB}
              - {name: hello, match: {path: /hello}, respond: {status: 200, body: "hello"}}
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(eu.port(), us.port(), startChatty()));
    client =
        gateway
            .vertx()
            .createHttpClient(
                new HttpClientOptions()
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false));
  }

  /** A service that does what a test region does not: trailers, odd headers, early answers. */
  private static int startChatty() {
    io.vertx.core.Vertx own = io.vertx.core.Vertx.vertx();
    chatty =
        await(
            own.createHttpServer()
                .requestHandler(
                    request -> {
                      switch (request.path()) {
                        case "/chatty/trailers" -> {
                          request.response().setChunked(true).write("body");
                          request.response().putTrailer("X-Checksum", "42").end();
                        }
                        case "/chatty/connection" ->
                            request
                                .response()
                                .putHeader("Connection", "keep-alive, X-Hop")
                                .putHeader("Keep-Alive", "timeout=5")
                                .putHeader("Proxy-Connection", "keep-alive")
                                .putHeader("X-Hop", "1")
                                .end("x");
                        default -> request.response().setStatusCode(403).end("no");
                      }
                    })
                .listen(0, "127.0.0.1"));
    return chatty.actualPort();
  }

  @AfterAll
  static void stop() {
    await(chatty.close());
    gateway.close();
    eu.close();
    us.close();
  }

  @BeforeEach
  void connect() {
    connection =
        await(
            client.connect(new HttpConnectOptions().setHost("127.0.0.1").setPort(gateway.port())));
    assertThat(connection).extracting(HttpClientConnection::isSsl).isEqualTo(false);
  }

  @AfterEach
  void disconnect() {
    eu.mode(Mode.NORMAL);
    await(connection.close());
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  private record Answer(HttpClientResponse head, Buffer body) {
    JsonObject json() {
      return body.toJsonObject();
    }

    JsonObject headersSeen() {
      return json().getJsonObject("headers");
    }
  }

  private Future<HttpClientRequest> request(HttpMethod method, String uri) {
    return connection.request(new RequestOptions().setMethod(method).setURI(uri));
  }

  /** Composed where the request is sent, or the body may arrive before anybody asks for it. */
  private static Future<Answer> whole(HttpClientResponse head) {
    return head.body().map(body -> new Answer(head, body));
  }

  private Answer get(String uri) {
    return await(
        request(HttpMethod.GET, uri).compose(sent -> sent.send().compose(Http2RelayIT::whole)));
  }

  @Test
  void a_get_behind_a_post_of_the_same_connection_has_no_body() {
    Future<HttpClientRequest> post = request(HttpMethod.POST, "/feed");
    await(post.compose(made -> made.send(Buffer.buffer("body"))).compose(HttpClientResponse::body));

    Buffer seen =
        await(
            request(HttpMethod.GET, "/feed")
                .compose(sent -> sent.send().compose(HttpClientResponse::body)));

    assertThat(seen.toJsonObject().getJsonObject("headers").fieldNames())
        .doesNotContain("transfer-encoding", "content-length");
  }

  @Test
  void a_get_has_no_body_upstream_and_is_repeated_elsewhere_when_its_region_fails() {
    Answer normal = get("/feed?a=1");
    assertThat(normal.head().version()).isEqualTo(HttpVersion.HTTP_2);
    assertThat(normal.json().getString("target")).isEqualTo("/feed?a=1");
    assertThat(normal.headersSeen().fieldNames())
        .doesNotContain("transfer-encoding", "content-length");

    eu.trafficMode(Mode.RESET_BEFORE_HEAD);
    assertThat(get("/feed").json().getString("region")).isEqualTo("us");
  }

  @Test
  void split_cookies_arrive_as_one_and_the_authority_as_host() {
    Answer answer =
        await(
            request(HttpMethod.GET, "/feed")
                .compose(
                    request -> {
                      request.headers().add("cookie", "a=1").add("cookie", "b=2");
                      request.headers().add("te", "trailers");
                      return request.send().compose(Http2RelayIT::whole);
                    }));

    assertThat(answer.headersSeen().getString("cookie")).isEqualTo("a=1; b=2");
    assertThat(answer.headersSeen().getString("host")).isEqualTo("127.0.0.1:" + gateway.port());
    assertThat(answer.headersSeen().getString("via")).isEqualTo("2 test");
    assertThat(answer.headersSeen().containsKey("te")).isFalse();
  }

  @Test
  void headers_of_the_upstream_connection_do_not_pass() {
    Answer answer = get("/chatty/connection");

    assertThat(answer.head().headers().names())
        .doesNotContain(
            "connection", "keep-alive", "proxy-connection", "x-hop", "transfer-encoding");
    assertThat(answer.body()).hasToString("x");
  }

  @Test
  void trailers_of_an_answer_pass() {
    Answer answer = get("/chatty/trailers");

    assertThat(answer.body()).hasToString("body");
    assertThat(answer.head().trailers().get("x-checksum")).isEqualTo("42");
  }

  @Test
  void bodies_with_and_without_length_arrive_whole() {
    for (int size : new int[] {1, 1000, 64 * 1024, 64 * 1024 + 1, 3_000_000}) {
      Buffer body = Buffer.buffer(new byte[size]);
      Answer known =
          await(
              request(HttpMethod.POST, "/feed")
                  .compose(request -> request.send(body).compose(Http2RelayIT::whole)));
      Answer unknown =
          await(
              request(HttpMethod.POST, "/feed")
                  .compose(
                      request -> {
                        request.headers().remove("content-length");
                        request.setChunked(true).write(body);
                        request.end();
                        return request.response().compose(Http2RelayIT::whole);
                      }));

      assertThat(known.headersSeen().getString("content-length")).isEqualTo("" + size);
      assertThat(unknown.headersSeen().getString("transfer-encoding")).isEqualTo("chunked");
      assertThat(known.json().getInteger("bodyBytes")).isEqualTo(size);
      assertThat(unknown.json().getInteger("bodyBytes")).isEqualTo(size);
    }
  }

  @Test
  void large_answers_arrive_whole() {
    assertThat(get("/feed?bytes=20000000").body().length()).isEqualTo(20_000_000);
  }

  @Test
  void head_204_and_304_have_no_body() {
    HttpClientResponse head =
        await(request(HttpMethod.HEAD, "/feed?bytes=77").compose(HttpClientRequest::send));
    assertThat(head.getHeader("content-length")).isEqualTo("77");
    assertThat(await(head.body()).length()).isZero();
    assertThat(get("/feed?status=204").body().length()).isZero();
    assertThat(get("/feed?status=304").head().statusCode()).isEqualTo(304);
  }

  @Test
  void an_answer_that_comes_before_the_body_is_whole_and_frees_the_stream() {
    HttpClientRequest upload = await(request(HttpMethod.POST, "/chatty/refuses"));
    upload.exceptionHandler(reset -> {});
    upload.setChunked(true).write(Buffer.buffer(new byte[100_000]));
    Answer answer = await(upload.response().compose(Http2RelayIT::whole));

    assertThat(answer.head().statusCode()).isEqualTo(403);
    assertThat(answer.head().headers().contains("connection")).isFalse();
    assertThat(answer.body()).hasToString("no");
    assertThat(get("/hello").body()).hasToString("hello");
  }

  @Test
  void refused_uploads_do_not_use_up_the_connection() {
    // Together far more than the connection's window of 4 MiB.
    for (int i = 0; i < 12; i++) {
      HttpClientRequest upload = await(request(HttpMethod.POST, "/small"));
      upload.exceptionHandler(reset -> {});
      upload.putHeader("content-length", "900000");
      upload.write(Buffer.buffer(new byte[900_000 - 1]));
      assertThat(await(upload.response()).statusCode()).isEqualTo(413);
    }
    assertThat(get("/feed").head().statusCode()).isEqualTo(200);
  }

  @Test
  void a_client_that_resets_its_stream_cancels_the_upstream_request_only() {
    HttpClientRequest abandoned = await(request(HttpMethod.GET, "/feed?mode=NEVER_ANSWER"));
    abandoned.exceptionHandler(reset -> {});
    abandoned.end();
    Awaiting.until(() -> gateway.gateway().inFlight() == 1);

    await(abandoned.reset(8));

    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    assertThat(get("/feed").head().statusCode()).isEqualTo(200);
  }

  @Test
  void an_upstream_body_that_ends_early_resets_the_stream_and_not_the_connection() {
    // Not repeatable, so nothing of its answer is held back.
    Future<HttpClientRequest> post = request(HttpMethod.POST, "/feed?mode=RESET_MID_BODY");
    assertThatThrownBy(() -> await(post.compose(sent -> sent.send().compose(Http2RelayIT::whole))))
        .hasMessageContaining("Stream reset: 2");
    assertThat(get("/hello").body()).hasToString("hello");
  }

  @Test
  void an_answer_of_known_length_leaves_its_upstream_connection_to_the_next_request() {
    get("/feed");
    long before = eu.connections();

    for (int i = 0; i < 20; i++) {
      get("/feed");
    }

    // Checks use connections of their own.
    assertThat(eu.connections() - before).isLessThan(10);
  }

  @Test
  void a_hundred_streams_at_once_are_all_answered() {
    List<Future<Answer>> answers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      answers.add(
          request(HttpMethod.GET, "/feed?delay=20&n=" + i)
              .compose(sent -> sent.send().compose(Http2RelayIT::whole)));
    }

    await(Future.join(answers));
    for (int i = 0; i < 100; i++) {
      assertThat(answers.get(i).result().json().getString("target")).endsWith("n=" + i);
    }
  }

  @Test
  void a_request_without_a_host_or_with_internal_headers_gains_nothing() {
    Answer answer =
        await(
            request(HttpMethod.GET, "/feed")
                .compose(
                    request -> {
                      request.putHeader("x-avalo-user", "root").putHeader("x-pin-epoch", "9");
                      return request.send().compose(Http2RelayIT::whole);
                    }));

    assertThat(answer.headersSeen().fieldNames()).doesNotContain("x-avalo-user", "x-pin-epoch");
  }

  @Test
  void a_header_list_over_the_bound_is_refused_and_others_are_served() {
    Future<HttpClientResponse> oversized =
        request(HttpMethod.GET, "/feed")
            .compose(
                request -> {
                  request.putHeader("x-long", "x".repeat(20_000));
                  return request.send();
                });

    assertThat(await(oversized.map(HttpClientResponse::statusCode).otherwise(431))).isEqualTo(431);
    assertThat(gateway.get("/hello").body()).isEqualTo("hello");
  }

  @Test
  void http_1_1_is_served_on_the_same_port() {
    assertThat(gateway.get("/hello").body()).isEqualTo("hello");
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("PRI * HTTP/2.0\r\n\r\nnonsense that is not a frame");
      assertThat(wire.readAll()).doesNotContain("200");
    }
    assertThat(get("/hello").body()).hasToString("hello");
  }
}
