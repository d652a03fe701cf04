package app.avalo.gateway.forward;

import static app.avalo.gateway.testing.RunningGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.Standing;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that send or read a little now and then, to hold on to what they occupy. */
class SlowClientIT {
  private static final int ANSWER = 16 << 20;

  private ScriptedUpstream upstream;
  private RunningGateway gateway;
  private HttpClientAgent client;

  @BeforeEach
  void start() {
    upstream = new ScriptedUpstream();
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - name: plain
                address: "127.0.0.1:0"
                http2: true
                bounds:
                  {bodyTimeout: 300ms, minBodyRate: 4KiB, readTimeout: 500ms, minReadRate: 256KiB}
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              bulk:
                regions: {eu: "http://127.0.0.1:%d"}
                timeouts: {attempt: 60s, idle: 60s, total: 120s}
            routes:
              - {name: bulk, match: {path: {prefix: /}}, service: bulk, bodyLimit: 64MiB}
            """
                .formatted(upstream.port()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    upstream.close();
  }

  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  @ParameterizedTest
  void a_small_body_that_drips_is_408_before_a_service_hears_of_it(HttpVersion version) {
    HttpClientRequest upload = open(version, HttpMethod.POST);
    upload.putHeader("content-length", "1000");

    assertThat(drip(upload, 1, 50, 1000).statusCode()).isEqualTo(408);
    assertThat(upstream.heads()).isEmpty();
    settled();
  }

  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  @ParameterizedTest
  void a_body_that_drips_through_is_408_and_the_service_is_not_blamed(HttpVersion version) {
    AtomicInteger ends = new AtomicInteger();
    upstream.script(
        service -> {
          service.read(1 << 20);
          ends.incrementAndGet();
        });
    HttpClientRequest upload = open(version, HttpMethod.POST);
    upload.putHeader("content-length", "100000");

    assertThat(drip(upload, 1, 50, 100_000).statusCode()).isEqualTo(408);
    Awaiting.until(() -> ends.get() == 1);
    settled();
  }

  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  @ParameterizedTest
  void a_body_that_keeps_the_rate_goes_on_through_many_windows(HttpVersion version) {
    upstream.script(
        service -> {
          service.skip(60_000);
          service.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        });
    HttpClientRequest upload = open(version, HttpMethod.POST);
    upload.putHeader("content-length", "60000");

    assertThat(drip(upload, 1000, 20, 60_000).statusCode()).isEqualTo(200);
  }

  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  @ParameterizedTest
  void a_service_that_takes_its_time_is_not_held_against_the_client(HttpVersion version) {
    Promise<Void> late = Promise.promise();
    upstream.script(
        service -> {
          await(late.future());
          service.skip(ANSWER);
          service.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        });
    HttpClientRequest upload = open(version, HttpMethod.POST);
    upload.putHeader("content-length", Integer.toString(ANSWER));
    upload.end(Buffer.buffer(new byte[ANSWER]));
    gateway.vertx().setTimer(1200, now -> late.complete());

    assertThat(await(upload.response()).statusCode()).isEqualTo(200);
  }

  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  @ParameterizedTest
  void an_answer_that_is_sipped_is_cut_off_and_the_service_is_not_blamed(HttpVersion version) {
    upstream.script(service -> answer(service, "text/plain"));

    assertThat(sip(open(version, HttpMethod.GET), 300)).isLessThan(ANSWER);
    settled();
  }

  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  @ParameterizedTest
  void an_answer_that_is_read_fast_enough_goes_on_through_windows(HttpVersion version) {
    upstream.script(service -> answer(service, "text/plain"));

    assertThat(sip(open(version, HttpMethod.GET), 1)).isEqualTo(ANSWER);
  }

  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  @ParameterizedTest
  void who_reads_a_stream_of_events_may_rest(HttpVersion version) {
    upstream.script(service -> answer(service, "text/event-stream"));
    HttpClientRequest request = open(version, HttpMethod.GET);
    HttpClientResponse answer = await(request.send().onSuccess(HttpClientResponse::pause));
    AtomicLong received = new AtomicLong();
    answer.handler(bytes -> received.addAndGet(bytes.length()));
    gateway.vertx().setTimer(1200, now -> answer.resume());

    await(answer.end());
    assertThat(received.get()).isEqualTo(ANSWER);
  }

  private HttpClientRequest open(HttpVersion version, HttpMethod method) {
    client =
        gateway
            .vertx()
            .createHttpClient(
                new HttpClientOptions()
                    .setProtocolVersion(version)
                    .setHttp2ClearTextUpgrade(false)
                    .setReceiveBufferSize(16 * 1024));
    return await(
        client.request(
            new RequestOptions()
                .setMethod(method)
                .setHost("127.0.0.1")
                .setPort(gateway.port())
                .setURI("/")));
  }

  /** Sends a body piece by piece, until it is whole or the answer has come. */
  private HttpClientResponse drip(HttpClientRequest upload, int bytes, long millis, int total) {
    AtomicInteger sent = new AtomicInteger();
    Future<HttpClientResponse> answer = upload.response();
    gateway
        .vertx()
        .setPeriodic(
            millis,
            timer -> {
              if (answer.isComplete() || sent.addAndGet(bytes) > total) {
                gateway.vertx().cancelTimer(timer);
              } else if (sent.get() == total) {
                upload.end(Buffer.buffer(new byte[bytes]));
              } else {
                upload.write(Buffer.buffer(new byte[bytes]));
              }
            });
    return await(answer);
  }

  /** Reads an answer piece by piece, to its end or until it is cut off; how many bytes came. */
  private long sip(HttpClientRequest request, long millis) {
    AtomicLong received = new AtomicLong();
    Promise<Long> over = Promise.promise();
    HttpClientResponse answer = await(request.send().onSuccess(HttpClientResponse::pause));
    answer.handler(bytes -> received.addAndGet(bytes.length()));
    answer.exceptionHandler(cut -> over.tryComplete(received.get()));
    answer.endHandler(end -> over.tryComplete(received.get()));
    request.connection().closeHandler(closed -> over.tryComplete(received.get()));
    gateway
        .vertx()
        .setPeriodic(
            millis,
            timer -> {
              if (gateway.gateway().inFlight() == 0) {
                // What it has let go of can be read at any speed.
                gateway.vertx().cancelTimer(timer);
                answer.resume();
              } else {
                answer.fetch(1);
              }
            });
    return await(over.future());
  }

  private static void answer(ScriptedUpstream.Connection service, String type)
      throws java.io.IOException {
    service.send(
        "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + ANSWER + "\r\n\r\n");
    service.send("x".repeat(ANSWER));
  }

  private void settled() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    assertThat(gateway.gateway().health().standing(gateway.gateway().plan().regions().get(0)))
        .isEqualTo(Standing.IN_SERVICE);
  }
}
