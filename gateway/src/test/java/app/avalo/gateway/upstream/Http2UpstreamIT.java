package app.avalo.gateway.upstream;

import static app.avalo.gateway.testing.RunningGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestAuthority;
import app.avalo.gateway.testing.Wire;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HTTP/2 services: what passes, over how many connections, in clear and over TLS. */
class Http2UpstreamIT {
  /** So large that bytes, not frames, are what large answers cost. */
  private static final int PIECE = 16_000;

  private static final AtomicInteger IN_FLIGHT = new AtomicInteger();
  private static final AtomicInteger MOST_IN_FLIGHT = new AtomicInteger();
  private static final AtomicInteger CANCELLED = new AtomicInteger();
  private static final AtomicBoolean FULL = new AtomicBoolean();
  private static final Set<HttpConnection> USED = ConcurrentHashMap.newKeySet();
  @TempDir private static Path directory;
  private static Vertx vertx;
  private static HttpServer plain;
  private static HttpServer secure;
  private static HttpServer old;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    TestAuthority authority = TestAuthority.in(directory);
    TestAuthority.Pair pair = authority.issue("dns:localhost");
    vertx = Vertx.vertx();
    HttpServerOptions clear =
        new HttpServerOptions()
            .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(100));
    HttpServerOptions tls =
        new HttpServerOptions()
            .setSsl(true)
            .setUseAlpn(true)
            .setKeyCertOptions(
                new PemKeyCertOptions()
                    .addCertPath(pair.certificate().toString())
                    .addKeyPath(pair.key().toString()));
    plain = serve(clear);
    secure = serve(tls);
    old = serve(new HttpServerOptions(tls).setUseAlpn(false));
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            defaults: {health: {timeout: 9s}}
            services:
              clear:
                protocol: http2
                regions: {eu: "http://127.0.0.1:%1$d"}
                timeouts: {connect: 5s, attempt: 8s, total: 20s}
              secure:
                protocol: http2
                regions: {eu: "https://localhost:%2$d"}
                upstreamTls: {ca: "%3$s", handshakeTimeout: 9s}
                timeouts: {connect: 5s, attempt: 8s, total: 20s}
              old:
                protocol: http2
                regions: {eu: "https://localhost:%4$d"}
                upstreamTls: {ca: "%3$s", handshakeTimeout: 9s}
                timeouts: {connect: 5s, attempt: 8s, total: 20s}
            routes:
              - {name: secure, match: {path: {prefix: /secure}}, service: secure}
              - {name: old, match: {path: {prefix: /old}}, service: old}
              - {name: all, match: {path: {prefix: /}}, service: clear}
            """
                .formatted(
                    plain.actualPort(),
                    secure.actualPort(),
                    authority.certificate(),
                    old.actualPort()));
  }

  private static HttpServer serve(HttpServerOptions options) {
    return await(vertx.createHttpServer(options).requestHandler(Http2UpstreamIT::answer).listen(0));
  }

  private static void answer(HttpServerRequest request) {
    if (request.path().equals("/health")) {
      request.response().end();
      return;
    }
    USED.add(request.connection());
    MOST_IN_FLIGHT.accumulateAndGet(IN_FLIGHT.incrementAndGet(), Math::max);
    HttpServerResponse response = request.response();
    response.closeHandler(closed -> IN_FLIGHT.decrementAndGet());
    response.exceptionHandler(reset -> CANCELLED.incrementAndGet());
    switch (request.path()) {
      case "/slow" -> vertx.setTimer(300, late -> response.end("slow"));
      case "/silent" -> {}
      case "/large" -> flood(response.setChunked(true), 20_000_000 / PIECE);
      case "/endless" -> flood(response.setChunked(true), Integer.MAX_VALUE);
      case "/socket" ->
          request.toWebSocket().onSuccess(open -> open.textMessageHandler(open::writeTextMessage));
      default ->
          request
              .body()
              .onSuccess(
                  body -> {
                    response.setStatusCode(request.path().equals("/none") ? 204 : 200);
                    JsonObject headers = new JsonObject();
                    request.headers().forEach((name, value) -> headers.put(name, value));
                    Buffer echo =
                        new JsonObject()
                            .put("version", request.version())
                            .put("uri", request.uri())
                            .put("authority", String.valueOf(request.authority()))
                            .put("bytes", body.length())
                            .put("headers", headers)
                            .toBuffer();
                    if (response.getStatusCode() == 204) {
                      response.end();
                    } else {
                      response.end(echo);
                    }
                  });
    }
  }

  private static void flood(HttpServerResponse response, int chunks) {
    Buffer chunk = Buffer.buffer(new byte[PIECE]);
    int left = chunks;
    while (left > 0 && !response.writeQueueFull() && !response.closed()) {
      response.write(chunk);
      left--;
    }
    int rest = left;
    if (rest == 0) {
      response.end();
    } else if (!response.closed()) {
      FULL.set(true);
      response.drainHandler(drained -> flood(response, rest));
    }
  }

  @AfterAll
  static void stop() {
    gateway.close();
    await(vertx.close());
  }

  private static JsonObject json(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(200);
    return new JsonObject(answer.body());
  }

  @Test
  void a_request_passes_by_prior_knowledge_with_its_authority() {
    JsonObject seen = json(gateway.get("/x?a=1", "X-Mixed-Case", "Yes"));

    assertThat(seen.getString("version")).isEqualTo("HTTP_2");
    assertThat(seen.getString("uri")).isEqualTo("/x?a=1");
    assertThat(seen.getString("authority")).isEqualTo("127.0.0.1:" + gateway.port());
    assertThat(seen.getJsonObject("headers").getString("x-mixed-case")).isEqualTo("Yes");
    assertThat(seen.getJsonObject("headers").getString("via")).isEqualTo("1.1 test");
    assertThat(seen.getJsonObject("headers").fieldNames())
        .doesNotContain("host", "connection", "transfer-encoding");
  }

  @Test
  void a_request_passes_over_tls_by_alpn() {
    assertThat(json(gateway.get("/secure")).getString("version")).isEqualTo("HTTP_2");
  }

  @Test
  void a_tls_endpoint_that_does_not_offer_http_2_cannot_be_reached() {
    assertThat(gateway.get("/old").statusCode()).isIn(502, 503);
  }

  @Test
  void bodies_of_every_size_arrive_whole() {
    for (int size : new int[] {1, 1024, 64 * 1024, 64 * 1024 + 1, 3_000_000}) {
      JsonObject seen =
          json(
              gateway.send(
                  HttpRequest.newBuilder(gateway.uri("/x"))
                      .POST(BodyPublishers.ofByteArray(new byte[size]))
                      .build()));
      JsonObject streamed =
          json(
              gateway.send(
                  HttpRequest.newBuilder(gateway.uri("/x"))
                      .POST(
                          BodyPublishers.ofInputStream(
                              () -> new java.io.ByteArrayInputStream(new byte[size])))
                      .build()));

      assertThat(seen.getInteger("bytes")).isEqualTo(size);
      assertThat(seen.getJsonObject("headers").getString("content-length")).isEqualTo("" + size);
      assertThat(streamed.getInteger("bytes")).isEqualTo(size);
    }
  }

  @Test
  void large_answers_arrive_whole() {
    assertThat(gateway.get("/large").body()).hasSize(20_000_000);
  }

  @Test
  void answers_without_a_body_have_no_framing() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n").toLowerCase(java.util.Locale.ROOT))
          .startsWith("http/1.1 204")
          .doesNotContain("transfer-encoding", "content-length");
      wire.send("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      assertThat(wire.readAll()).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n");
    }
  }

  @Test
  void requests_at_once_share_a_connection_per_loop() {
    Awaiting.until(() -> IN_FLIGHT.get() == 0);
    USED.clear();
    MOST_IN_FLIGHT.set(0);
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      answers.add(
          client.sendAsync(
              HttpRequest.newBuilder(gateway.uri("/slow")).build(), BodyHandlers.ofString()));
    }

    assertThat(answers).allSatisfy(answer -> assertThat(answer.join().body()).isEqualTo("slow"));
    assertThat(USED).hasSizeLessThanOrEqualTo(2);
    assertThat(MOST_IN_FLIGHT.get()).isGreaterThan(5);
  }

  @Test
  void a_client_that_leaves_cancels_its_request() {
    Awaiting.until(() -> IN_FLIGHT.get() == 0);
    int before = CANCELLED.get();
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("POST /silent HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      Awaiting.until(() -> IN_FLIGHT.get() == 1);
    }

    Awaiting.until(() -> CANCELLED.get() > before);
  }

  @Test
  void clients_that_do_not_read_stop_the_service_and_nobody_else() {
    List<Wire> lazy = new ArrayList<>();
    try {
      for (int i = 0; i < 12; i++) {
        lazy.add(Wire.narrow(gateway.port()).send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"));
      }
      Awaiting.until(FULL::get);

      assertThat(gateway.get("/large").body()).hasSize(20_000_000);
    } finally {
      lazy.forEach(Wire::close);
    }
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  @Test
  void a_websocket_goes_over_http_1_1() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      wire.send(new byte[] {(byte) 0x81, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'});

      assertThat(wire.read(4)).containsExactly(0x81, 2, 'h', 'i');
    }
  }

  @Test
  void a_refused_websocket_is_answered_as_the_service_says() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

      assertThat(wire.readUntil("}}")).startsWith("HTTP/1.1 200");
    }
  }
}
