package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.GrpcMethods;
import app.avalo.gateway.testing.OpenCall;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.Wire;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Event streams and gRPC calls that are open at once: so many in all, and so many of a user. */
class StreamCeilingIT {
  private static final String MARIA = "key-of-maria-0123456789";
  private static final String JAN = "key-of-jan-012345678901";

  private final Vertx vertx = Vertx.vertx();
  private final AtomicInteger flowing = new AtomicInteger();
  private HttpServer events;
  private Server calls;
  private ManagedChannel channel;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws Exception {
    events =
        RunningGateway.await(
            vertx
                .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
                .requestHandler(
                    request -> {
                      if (!request.path().equals("/events")) {
                        request.response().end("plain");
                        return;
                      }
                      flowing.incrementAndGet();
                      request.response().closeHandler(closed -> flowing.decrementAndGet());
                      request.response().putHeader("content-type", "text/event-stream");
                      request.response().setChunked(true).write("data: 1\n\n");
                    })
                .listen());
    calls =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(new GrpcMethods().service())
            .build()
            .start();
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners: [{name: plain, address: "127.0.0.1:0", http2: true}]
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            identity:
              apiKeys:
                - {name: maria, key: "${env:MARIA:-key-of-maria-0123456789}", user: maria}
                - {name: jan, key: "${env:JAN:-key-of-jan-012345678901}", user: jan}
            defaults: {streams: {open: 3}}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%d"}, streams: {openPerUser: 2}}
              text:
                protocol: http2
                regions: {eu: "http://127.0.0.1:%d"}
                health: {statuses: 200-499}
                streams: {openPerUser: 2}
            routes:
              - {name: calls, match: {path: {prefix: /test.Text}}, service: text}
              - {name: feed, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(events.actualPort(), calls.getPort()));
    channel = NettyChannelBuilder.forAddress("127.0.0.1", gateway.port()).usePlaintext().build();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    gateway.close();
    calls.shutdownNow();
    RunningGateway.await(vertx.close());
  }

  private Wire get(String path, String key) {
    return new Wire(gateway.port())
        .send("GET " + path + " HTTP/1.1\r\nHost: a\r\nX-Api-Key: " + key + "\r\n\r\n");
  }

  @Test
  void a_user_has_so_many_event_streams_and_a_service_so_many_of_all() {
    try (Wire one = get("/events", MARIA);
        Wire two = get("/events", MARIA)) {
      assertThat(one.readUntil("data: 1\n\n")).startsWith("HTTP/1.1 200");
      assertThat(two.readUntil("data: 1\n\n")).startsWith("HTTP/1.1 200");
      try (Wire third = get("/events", MARIA)) {
        assertThat(third.readUntil("}\n"))
            .startsWith("HTTP/1.1 429")
            .contains("feed.streams.openPerUser", "retry-after: 5");
      }
      try (Wire jans = get("/events", JAN);
          Wire plain = get("/plain", MARIA)) {
        assertThat(jans.readUntil("data: 1\n\n")).startsWith("HTTP/1.1 200");
        assertThat(plain.readUntil("plain")).startsWith("HTTP/1.1 200");
        Awaiting.until(() -> flowing.get() == 3);
        try (Wire fourth = get("/events", JAN)) {
          assertThat(fourth.readUntil("}\n"))
              .startsWith("HTTP/1.1 503")
              .contains("feed.streams.open");
        }
      }
    }
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    try (Wire again = get("/events", MARIA)) {
      assertThat(again.readUntil("data: 1\n\n")).startsWith("HTTP/1.1 200");
    }
  }

  private OpenCall call(String key) {
    Metadata metadata = new Metadata();
    metadata.put(Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER), key);
    return new OpenCall(
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata)),
        "hello");
  }

  @Test
  void a_user_has_so_many_grpc_calls_and_a_service_so_many_of_all() {
    OpenCall one = call(MARIA);
    OpenCall two = call(MARIA);
    assertThat(one.first()).isEqualTo("re: hello");
    assertThat(two.first()).isEqualTo("re: hello");

    Status third = call(MARIA).ended();
    assertThat(call(JAN).first()).isEqualTo("re: hello");
    Status fourth = call(JAN).ended();

    assertThat(third.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(third.getDescription()).contains("too many event streams or gRPC calls");
    assertThat(fourth.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    one.complete();
    assertThat(one.ended()).isEqualTo(Status.OK);
    Awaiting.until(() -> gateway.gateway().inFlight() == 2);
    assertThat(call(MARIA).first()).isEqualTo("re: hello");
  }
}
