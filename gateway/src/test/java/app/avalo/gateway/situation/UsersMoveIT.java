package app.avalo.gateway.situation;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.cell.RegionPhase;
import app.avalo.gateway.filter.pin.keep.Order;
import app.avalo.gateway.filter.pin.store.Epoch;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.GrpcMethods;
import app.avalo.gateway.testing.OpenCall;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.Wire;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operators and fences move users: what is open follows them, what comes next lands there. */
class UsersMoveIT {
  private final Vertx vertx = Vertx.vertx();
  private final Map<String, Long> fences = new ConcurrentHashMap<>();
  private final Map<String, HttpServerResponse> streams = new ConcurrentHashMap<>();
  private Server talk;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws IOException {
    talk =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(new GrpcMethods().service())
            .build()
            .start();
    String everywhere =
        "regions: {eu: \"http://127.0.0.1:%d\", us: \"http://127.0.0.1:%d\"}"
            .formatted(server("eu").actualPort(), server("us").actualPort());
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners: [{name: plain, address: "127.0.0.1:0", http2: true}]
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, latitude: 52.5, longitude: 13.4}
              us: {index: 1, latitude: 37.8, longitude: -122.4}
            pins:
              keys: [{id: 1, secret: "${env:NONE:-0123456789abcdef0123456789abcdef}"}]
            services:
              chat: {pin: {contract: move}, %1$s}
              calls: {pin: {contract: stay}, %1$s}
              wallet: {pin: {contract: single-home}, %1$s}
              talk:
                pin: {contract: move}
                protocol: http2
                regions: {eu: "http://127.0.0.1:%2$d", us: "http://127.0.0.1:%2$d"}
                health: {statuses: 200-499}
            routes:
              - {name: chat, match: {path: {prefix: /chat}}, service: chat}
              - {name: calls, match: {path: {prefix: /calls}}, service: calls}
              - {name: wallet, match: {path: {prefix: /wallet}}, service: wallet}
              - {name: talk, match: {path: {prefix: /test.Text}}, service: talk}
            """
                .formatted(everywhere, talk.getPort()));
    Awaiting.until(gateway.gateway()::isReady);
  }

  /** A region whose wallet refuses epochs lower than one that it has seen. */
  private HttpServer server(String region) {
    return RunningGateway.await(
        vertx
            .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
            .webSocketHandler(socket -> socket.writeTextMessage(region))
            .requestHandler(request -> answer(region, request))
            .listen());
  }

  private void answer(String region, HttpServerRequest request) {
    if (request.path().endsWith("/events")) {
      HttpServerResponse events = request.response().setChunked(true);
      events.putHeader("Content-Type", "text/event-stream").write("data: " + region + "\n\n");
      streams.put(request.path(), events);
      return;
    }
    long epoch = epoch(request);
    long seen = fences.getOrDefault(request.path(), 0L);
    if (epoch < seen) {
      request.response().setStatusCode(409).putHeader("X-Pin-Current", Long.toString(seen)).end();
    } else {
      request
          .response()
          .putHeader("X-Region", region)
          .putHeader("X-Told", String.valueOf(request.getHeader("X-Pin-Signature")))
          .end(Long.toString(epoch));
    }
  }

  private static long epoch(HttpServerRequest request) {
    String epoch = request.getHeader("X-Pin-Epoch");
    return epoch == null ? Long.MAX_VALUE : Long.parseLong(epoch);
  }

  @AfterEach
  void stop() {
    gateway.close();
    talk.shutdownNow();
    RunningGateway.await(vertx.close());
  }

  private static final class Client implements WebSocket.Listener {
    private final CompletableFuture<String> region = new CompletableFuture<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      region.complete(text.toString());
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      closed.complete(code);
      return null;
    }
  }

  private Client open(String path) {
    Client client = new Client();
    HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .build()
        .newWebSocketBuilder()
        .buildAsync(URI.create("ws://127.0.0.1:" + gateway.port() + path), client)
        .orTimeout(10, TimeUnit.SECONDS)
        .join();
    return client;
  }

  private void everybodyLeavesEu(String group) {
    assertThat(
            RunningGateway.await(
                gateway.gateway().shared().keepers().order(group, Order.giveUp(0, 1, "test"))))
        .isEqualTo(Order.Result.DONE);
  }

  @Test
  void open_web_sockets_are_told_to_come_back_and_land_where_their_users_are() throws Exception {
    Client chat = open("/chat");
    Client call = open("/calls");
    assertThat(chat.region.get(10, TimeUnit.SECONDS)).isEqualTo("eu");
    assertThat(call.region.get(10, TimeUnit.SECONDS)).isEqualTo("eu");

    everybodyLeavesEu("calls");
    everybodyLeavesEu("chat");

    assertThat(chat.closed.get(10, TimeUnit.SECONDS)).isEqualTo(1012);
    assertThat(open("/chat").region.get(10, TimeUnit.SECONDS)).isEqualTo("us");
    assertThat(call.closed).as("a call goes on where it began").isNotDone();
    assertThat(open("/calls").region.get(10, TimeUnit.SECONDS)).isEqualTo("us");
  }

  private Wire listen(String path) {
    Wire wire = new Wire(gateway.port());
    wire.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("\n\n");
    return wire;
  }

  @Test
  void open_event_streams_end_behind_an_event_and_those_of_calls_go_on() {
    try (Wire chat = listen("/chat/events");
        Wire call = listen("/calls/events")) {
      everybodyLeavesEu("calls");
      everybodyLeavesEu("chat");

      assertThat(chat.readUntil("\r\n0\r\n\r\n")).contains(": the user has moved\n\n");
      streams.get("/calls/events").write("data: more\n\n");
      assertThat(call.readUntil("\n\n")).contains("data: more").doesNotContain("moved");
    }
  }

  @Test
  void what_is_under_way_in_a_stream_of_events_is_completed_first() {
    try (Wire chat = listen("/chat/events")) {
      streams.get("/chat/events").write("data: ha");
      chat.readUntil("data: ha");
      everybodyLeavesEu("chat");
      Awaiting.until(
          () ->
              gateway.gateway().shared().keepers().of("chat").view().map().region(0).phase()
                  == RegionPhase.Phase.EVICTED);
      streams.get("/chat/events").write("lf\n\n");

      assertThat(chat.readUntil("\r\n0\r\n\r\n")).contains("lf\n\n", ": the user has moved\n\n");
    }
  }

  @Test
  void open_calls_end_as_unavailable() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", gateway.port()).usePlaintext().build();
    try {
      OpenCall talking = new OpenCall(channel, "hello");
      talking.first();

      everybodyLeavesEu("talk");

      Status status = talking.ended();
      assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(status.getDescription()).contains("moved to another region");
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void a_write_that_comes_while_its_user_moves_waits_and_follows() {
    everybodyLeavesEu("wallet");

    HttpResponse<String> paid = Answers.post(gateway, "/wallet", "Cookie", "none");

    assertThat(paid.statusCode()).isEqualTo(200);
    assertThat(Answers.servedBy(paid)).isEqualTo("us");
    assertThat(Answers.header(paid, "X-Told")).startsWith("1.");
  }

  @Test
  void a_refusal_of_a_fence_moves_the_user_to_the_region_that_it_names() {
    HttpResponse<String> first = Answers.post(gateway, "/wallet", "Cookie", "none");
    long ahead = Epoch.of(50, 1);
    fences.put("/wallet", ahead);

    HttpResponse<String> refused = pay(first);

    assertThat(Answers.servedBy(first)).isEqualTo("eu");
    assertThat(refused.statusCode()).isEqualTo(409);
    Awaiting.until(() -> pay(first).statusCode() == 200);
    HttpResponse<String> accepted = pay(first);
    assertThat(Answers.servedBy(accepted)).isEqualTo("us");
    assertThat(Long.parseLong(accepted.body())).isGreaterThan(ahead);
  }

  private HttpResponse<String> pay(HttpResponse<String> first) {
    return Answers.post(gateway, "/wallet", "Cookie", Answers.cookie(first));
  }
}
