package app.avalo.gateway.websocket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.HealthMonitor;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.RegionStatus.Steps;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Many WebSockets to a region that is lost: every client is told to come back, none is cut off. */
class WebSocketsMoveIT {
  private static final int CLIENTS = 150;
  private static final int RESTART = 1012;

  private final Vertx vertx = Vertx.vertx();
  private final Queue<NetSocket> accepted = new ConcurrentLinkedQueue<>();
  private volatile boolean leaving;
  private NetServer chat;
  private RunningGateway gateway;
  private WebSocketClient client;

  @BeforeEach
  void start() {
    chat =
        RunningGateway.await(
            vertx
                .createNetServer()
                .connectHandler(socket -> socket.handler(head -> answer(socket, head.toString())))
                .listen(0, "127.0.0.1"));
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
              us: {index: 1, place: San Francisco, latitude: 37.8, longitude: -122.4}
            defaults:
              health: {interval: 500ms, timeout: 400ms}
            services:
              chat: {regions: {eu: "http://127.0.0.1:%1$d"}}
              other: {regions: {us: "http://127.0.0.1:%1$d"}}
            routes:
              - {name: chat, match: {path: {prefix: /chat}}, service: chat}
            """
                .formatted(chat.actualPort()));
    client = vertx.createWebSocketClient(new WebSocketClientOptions().setMaxConnections(CLIENTS));
  }

  @AfterEach
  void stop() {
    gateway.close();
    RunningGateway.await(vertx.close());
  }

  /** A handshake or a check, each in one piece; what comes over the WebSocket is not answered. */
  private void answer(NetSocket socket, String head) {
    Matcher key = Pattern.compile("(?i)sec-websocket-key: *(\\S+)").matcher(head);
    if (key.find()) {
      accepted.add(socket);
      socket.handler(frames -> {});
      socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Accept: "
              + accept(key.group(1))
              + "\r\n\r\n");
    } else {
      String status = leaving ? "503 Leaving\r\nRetry-After: 30" : "200 OK";
      socket.write("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n");
    }
  }

  /** RFC 6455, 4.2.2. */
  private static String accept(String key) {
    try {
      byte[] told = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(US_ASCII);
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest(told));
    } catch (NoSuchAlgorithmException everyPlatformHasIt) {
      throw new AssertionError(everyPlatformHasIt);
    }
  }

  /** Opens them all, and gives what each will be closed with. */
  private List<CompletableFuture<Integer>> open() {
    List<Future<WebSocket>> opening = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      opening.add(
          client.connect(
              new WebSocketConnectOptions()
                  .setHost("127.0.0.1")
                  .setPort(gateway.port())
                  .setURI("/chat")
                  .addHeader("X-Forwarded-For", "192.0.2." + i)));
    }
    List<CompletableFuture<Integer>> codes = new ArrayList<>();
    for (Future<WebSocket> each : opening) {
      WebSocket socket = RunningGateway.await(each);
      CompletableFuture<Integer> code = new CompletableFuture<>();
      socket.closeHandler(closed -> code.complete((int) socket.closeStatusCode()));
      codes.add(code);
    }
    return codes;
  }

  private static void assertAllAreToldToMove(List<CompletableFuture<Integer>> codes) {
    CompletableFuture.allOf(codes.toArray(CompletableFuture[]::new))
        .orTimeout(10, TimeUnit.SECONDS)
        .join();
    assertThat(codes).allMatch(code -> code.join() == RESTART);
  }

  @Test
  void a_region_that_is_taken_out_of_service_leaves_nobody_without_a_word() {
    List<CompletableFuture<Integer>> codes = open();
    RunningGateway.await(
        gateway.gateway().health().force("eu", new Forced(true, "test", "works", null)));
    assertAllAreToldToMove(codes);
  }

  @Test
  void in_a_gradual_drain_they_follow_their_callers() {
    List<CompletableFuture<Integer>> codes = open();
    HealthMonitor health = gateway.gateway().health();
    Steps third = new Steps(CLIENTS / 3, Duration.ofMinutes(10));
    RunningGateway.await(health.force("eu", new Forced(true, "test", "works", null, third)));
    Awaiting.until(() -> told(codes) >= CLIENTS / 10);
    assertThat(RunningGateway.await(health.status()).get(0).standing())
        .isEqualTo(Standing.IN_SERVICE);
    assertThat(told(codes)).isLessThan(CLIENTS * 2 / 3);
    RunningGateway.await(health.force("eu", new Forced(true, "test", "works", null)));
    assertAllAreToldToMove(codes);
  }

  @Test
  void a_region_that_asks_to_be_left_is_left_by_all_without_a_pin() {
    List<CompletableFuture<Integer>> codes = open();
    leaving = true;
    assertAllAreToldToMove(codes);
    assertThat(RunningGateway.await(gateway.gateway().health().status()).get(0).standing())
        .isEqualTo(Standing.DRAINING);
  }

  private static long told(List<CompletableFuture<Integer>> codes) {
    return codes.stream().filter(CompletableFuture::isDone).count();
  }

  @Test
  void neither_does_a_service_that_dies() {
    List<CompletableFuture<Integer>> codes = open();
    accepted.forEach(NetSocket::close);
    assertAllAreToldToMove(codes);
  }
}
