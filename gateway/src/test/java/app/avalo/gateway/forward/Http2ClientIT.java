package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.TestRegion;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is different for clients that speak HTTP/2. */
class Http2ClientIT {
  private final ScriptedUpstream odd = new ScriptedUpstream();
  private final TestRegion eu = TestRegion.start("eu");
  private final TestRegion us = TestRegion.start("us");
  private RunningGateway gateway;
  private HttpClient client;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners: [{name: plain, address: "127.0.0.1:0", http2: true}]
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
              us: {index: 1, place: Boston, latitude: 42.3, longitude: -71.0}
            services:
              feed:
                regions: {eu: ["http://127.0.0.1:%d"], us: ["http://127.0.0.1:%d"]}
                timeouts: {attempt: 300ms, total: 5s}
              odd:
                regions: {eu: ["http://127.0.0.1:%d"]}
            limits:
              by-size: {key: address, rate: 20/h, cost: {perMebibyte: 3}}
            routes:
              - {name: sized, match: {path: {prefix: /sized}}, service: feed, limits: [by-size]}
              - {name: odd, match: {path: {prefix: /odd}}, service: odd}
              - {name: small, match: {path: {prefix: /small}}, service: feed, bodyLimit: 1KiB}
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(eu.port(), us.port(), odd.port()));
    client =
        gateway
            .vertx()
            .createHttpClient(
                new HttpClientOptions()
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false)
                    .setDefaultHost("127.0.0.1")
                    .setDefaultPort(gateway.port()));
  }

  @AfterEach
  void stop() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    gateway.close();
    eu.close();
    us.close();
    odd.close();
  }

  private record Answer(HttpClientResponse head, Buffer body) {}

  private Answer send(HttpMethod method, String uri, Buffer body) {
    HttpClientRequest request = RunningGateway.await(client.request(method, uri));
    HttpClientResponse response =
        RunningGateway.await(
            (body == null ? request.send() : request.send(body))
                .compose(head -> head.body().map(all -> head)));
    return new Answer(response, RunningGateway.await(response.body()));
  }

  @Test
  void a_get_goes_up_without_body_framing() {
    JsonObject seen = new JsonObject(send(HttpMethod.GET, "/x", null).body());

    assertThat(seen.getJsonObject("headers").fieldNames())
        .doesNotContain("transfer-encoding", "content-length");
  }

  @Test
  void a_get_moves_on_when_its_region_dies_under_it() {
    eu.trafficMode(Mode.RESET_BEFORE_HEAD);
    Answer answer = send(HttpMethod.GET, "/x", null);

    assertThat(answer.head().statusCode()).isEqualTo(200);
    assertThat(new JsonObject(answer.body()).getString("region")).isEqualTo("us");
  }

  private String left(HttpMethod method, Buffer chunked) {
    HttpClientRequest request = RunningGateway.await(client.request(method, "/sized"));
    if (chunked != null) {
      request.setChunked(true);
      request.write(chunked);
    }
    HttpClientResponse head =
        RunningGateway.await(request.end().compose(sent -> request.response()));
    RunningGateway.await(head.body());
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    return head.getHeader("ratelimit").replaceAll(";t=.*", "");
  }

  @Test
  void a_body_that_announces_no_length_is_paid_by_what_has_come_of_it() {
    assertThat(left(HttpMethod.GET, null)).as("no body").endsWith(";r=19");
    assertThat(left(HttpMethod.POST, Buffer.buffer(new byte[3 << 20])))
        .as("one MiB until its end is known")
        .endsWith(";r=15");
    assertThat(left(HttpMethod.GET, null)).as("two more").endsWith(";r=8");
  }

  @Test
  void a_body_of_unknown_length_arrives_whole() {
    HttpClientRequest request = RunningGateway.await(client.request(HttpMethod.POST, "/x"));
    request.setChunked(true);
    request.write(Buffer.buffer(new byte[100_000]));
    HttpClientResponse head =
        RunningGateway.await(
            request
                .send(Buffer.buffer(new byte[50_000]))
                .compose(got -> got.body().map(all -> got)));

    assertThat(new JsonObject(RunningGateway.await(head.body())).getInteger("bodyBytes"))
        .isEqualTo(150_000);
  }

  @Test
  void a_get_with_a_body_keeps_it() {
    HttpClientRequest request = RunningGateway.await(client.request(HttpMethod.GET, "/x"));
    request.setChunked(true);
    HttpClientResponse head =
        RunningGateway.await(
            request.send(Buffer.buffer("abc")).compose(got -> got.body().map(all -> got)));

    assertThat(new JsonObject(RunningGateway.await(head.body())).getInteger("bodyBytes"))
        .isEqualTo(3);
  }

  @Test
  void trailers_of_the_service_reach_the_client() {
    odd.script(
        c ->
            c.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n"));
    Answer answer = send(HttpMethod.GET, "/odd", null);

    assertThat(answer.body()).hasToString("hello");
    assertThat(answer.head().getTrailer("grpc-status")).isEqualTo("0");
  }

  @Test
  void an_early_answer_has_no_connection_header_and_ends_the_upload() {
    odd.script(
        c ->
            c.send("HTTP/1.1 403 No\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nno")
                .skip(10_000_000));
    HttpClientRequest request = RunningGateway.await(client.request(HttpMethod.POST, "/odd"));
    request.setChunked(true);
    request.write(Buffer.buffer(new byte[100_000]));
    HttpClientResponse head =
        RunningGateway.await(request.response().compose(got -> got.body().map(all -> got)));

    assertThat(head.statusCode()).isEqualTo(403);
    assertThat(head.headers().contains("connection")).isFalse();
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    request.reset();
  }

  @Test
  void refused_uploads_do_not_use_up_the_connections_window() {
    for (int i = 0; i < 12; i++) {
      HttpClientRequest request = RunningGateway.await(client.request(HttpMethod.POST, "/small"));
      request.putHeader("content-length", "600000");
      request.write(Buffer.buffer(new byte[600_000 - 1]));
      HttpClientResponse head = RunningGateway.await(request.response());
      assertThat(head.statusCode()).isEqualTo(413);
    }
    assertThat(send(HttpMethod.POST, "/x", Buffer.buffer(new byte[300_000])).head().statusCode())
        .isEqualTo(200);
  }

  @Test
  void a_client_that_resets_its_stream_cancels_the_request() {
    eu.trafficMode(Mode.NEVER_ANSWER);
    us.trafficMode(Mode.NEVER_ANSWER);
    HttpClientRequest request = RunningGateway.await(client.request(HttpMethod.POST, "/x"));
    request.end("x");
    Awaiting.until(() -> gateway.gateway().inFlight() == 1);
    request.reset();

    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }
}
