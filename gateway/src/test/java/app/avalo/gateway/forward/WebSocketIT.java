package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.Wire;
import app.avalo.gateway.websocket.Tunnel;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import java.lang.management.ManagementFactory;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** WebSockets through the gateway, from a real client to a real server. */
class WebSocketIT {
  private static final String MARIA = "key-of-maria-0123456789";
  private static final String JAN = "key-of-jan-012345678901";

  private final Vertx vertx = Vertx.vertx();
  private final Queue<ServerWebSocket> accepted = new ConcurrentLinkedQueue<>();
  private HttpServer chat;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    chat =
        RunningGateway.await(
            vertx
                .createHttpServer(
                    new HttpServerOptions()
                        .setHost("127.0.0.1")
                        .setPort(0)
                        .addWebSocketSubProtocol("v12.stomp"))
                .webSocketHandler(
                    socket -> {
                      accepted.add(socket);
                      socket.textMessageHandler(text -> socket.writeTextMessage("echo " + text));
                    })
                .requestHandler(
                    request ->
                        request
                            .response()
                            .setStatusCode(request.path().equals("/health") ? 200 : 403)
                            .end("no"))
                .listen());
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              chat:
                regions: {eu: ["http://127.0.0.1:%1$d"]}
                webSocket: {connections: 2, messages: 20/s, idleTimeout: 60s}
              rooms:
                regions: {eu: ["http://127.0.0.1:%1$d"]}
                webSocket: {connectionsPerUser: 2, messages: 1000/s, messagesPerUser: 20/s, channels: 2}
            identity:
              apiKeys:
                - {name: maria, key: "${env:MARIA:-key-of-maria-0123456789}", user: maria}
                - {name: jan, key: "${env:JAN:-key-of-jan-012345678901}", user: jan}
                - {name: shop, key: "${env:SHOP:-key-of-shop-0123456789}"}
            routes:
              - {name: rooms, match: {path: {prefix: /rooms}}, service: rooms}
              - {name: chat, match: {path: {prefix: /chat}}, service: chat}
            shutdownGrace: 5s
            """
                .formatted(chat.actualPort()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    RunningGateway.await(vertx.close());
  }

  private static final class Client implements WebSocket.Listener {
    private final Queue<String> texts = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder partial = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      partial.append(data);
      if (last) {
        texts.add(partial.toString());
        partial.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      closed.complete(code);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      closed.completeExceptionally(error);
    }
  }

  private WebSocket open(Client client) throws Exception {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .build()
        .newWebSocketBuilder()
        .buildAsync(java.net.URI.create("ws://127.0.0.1:" + gateway.port() + "/chat"), client)
        .get(10, TimeUnit.SECONDS);
  }

  @Test
  void nothing_is_kept_of_one_that_was_closed() throws Exception {
    long before = tunnelsInMemory(); // of gateways that other tests still hold
    Client client = new Client();
    WebSocket socket = open(client);

    socket.sendClose(WebSocket.NORMAL_CLOSURE, "bye").get(5, TimeUnit.SECONDS);

    client.closed.get(5, TimeUnit.SECONDS);
    Awaiting.until(() -> tunnelsInMemory() <= before);
  }

  /** Those that are left after a collection. */
  private static long tunnelsInMemory() {
    try {
      String classes =
          (String)
              ManagementFactory.getPlatformMBeanServer()
                  .invoke(
                      new ObjectName("com.sun.management:type=DiagnosticCommand"),
                      "gcClassHistogram",
                      new Object[] {new String[0]},
                      new String[] {String[].class.getName()});
      return classes
          .lines()
          .filter(line -> line.endsWith(' ' + Tunnel.class.getName()))
          .mapToLong(line -> Long.parseLong(line.trim().split(" +")[1]))
          .sum();
    } catch (JMException failed) {
      throw new AssertionError(failed);
    }
  }

  @Test
  void messages_pass_both_ways() throws Exception {
    Client client = new Client();
    WebSocket socket = open(client);
    socket.sendText("hello", true).get(5, TimeUnit.SECONDS);
    socket.sendText("x".repeat(100_000), true).get(5, TimeUnit.SECONDS);

    Awaiting.until(() -> client.texts.size() == 2);
    assertThat(client.texts.poll()).isEqualTo("echo hello");
    assertThat(client.texts.poll()).hasSize(100_005);
    socket.sendClose(4001, "bye").get(5, TimeUnit.SECONDS);
    assertThat(client.closed.get(5, TimeUnit.SECONDS)).isEqualTo(4001);
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  @Test
  void the_services_close_code_reaches_the_client() throws Exception {
    Client client = new Client();
    open(client);
    Awaiting.until(() -> !accepted.isEmpty());
    accepted.peek().close((short) 4004, "gone");

    assertThat(client.closed.get(5, TimeUnit.SECONDS)).isEqualTo(4004);
  }

  @Test
  void a_refused_upgrade_is_relayed_as_an_answer() {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /chat/x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 4");
    }
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  @Test
  void a_third_socket_over_the_ceiling_is_503() throws Exception {
    open(new Client());
    open(new Client());
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
      assertThat(wire.readUntil("}\n"))
          .startsWith("HTTP/1.1 503")
          .contains("webSocket.connections");
    }
  }

  @Test
  void a_client_over_its_message_rate_is_slowed_and_a_flood_is_closed_with_1008() throws Exception {
    Client slowed = new Client();
    WebSocket socket = open(slowed);
    for (int i = 0; i < 25; i++) {
      socket.sendText("m" + i, true).get(5, TimeUnit.SECONDS);
    }
    Awaiting.until(() -> slowed.texts.size() == 25);
    assertThat(slowed.closed).isNotDone();

    Client flood = new Client();
    WebSocket flooding = open(flood);
    byte[] frame = {(byte) 0x81, (byte) 0x81, 0, 0, 0, 0, 'x'};
    ByteBuffer burst = ByteBuffer.allocate(frame.length * 400);
    for (int i = 0; i < 400; i++) {
      burst.put(frame);
    }
    flooding.abort();
    Awaiting.until(() -> gateway.gateway().inFlight() == 1);
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      wire.send(burst.array());
      String all =
          wire.readUntil(
              new String(new byte[] {(byte) 0x88, 2, 3, (byte) 0xf0}, StandardCharsets.ISO_8859_1));
      assertThat(all).contains("\u0088\u0002\u0003\u00f0");
    }
  }

  private Wire rooms(String key) {
    return new Wire(gateway.port())
        .send(
            "GET /rooms HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + ("X-Api-Key: " + key + "\r\n\r\n"));
  }

  @Test
  void a_user_over_the_ceiling_of_one_user_is_429_and_nobody_else_is() {
    try (Wire one = rooms(MARIA);
        Wire two = rooms(MARIA)) {
      assertThat(one.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      assertThat(two.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      try (Wire three = rooms(MARIA);
          Wire jans = rooms(JAN)) {
        assertThat(three.readUntil("}\n"))
            .startsWith("HTTP/1.1 429")
            .contains("rooms.webSocket.connectionsPerUser", "retry-after: 5");
        assertThat(jans.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      }
    }
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    try (Wire again = rooms(MARIA)) {
      assertThat(again.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
    }
  }

  @Test
  void a_partner_who_is_known_by_an_api_key_has_the_ceilings_of_a_user() {
    String shop = "key-of-shop-0123456789";
    try (Wire one = rooms(shop);
        Wire two = rooms(shop)) {
      assertThat(one.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      assertThat(two.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      try (Wire three = rooms(shop)) {
        assertThat(three.readUntil("}\n"))
            .startsWith("HTTP/1.1 429")
            .contains("rooms.webSocket.connectionsPerUser");
      }
    }
  }

  @Test
  void a_client_that_floods_with_pings_is_closed_with_1008() {
    byte[] ping = {(byte) 0x89, (byte) 0x80, 0, 0, 0, 0};
    ByteBuffer pings = ByteBuffer.allocate(ping.length * 100);
    for (int i = 0; i < 100; i++) {
      pings.put(ping);
    }
    try (Wire wire = rooms(MARIA)) {
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      wire.send(pings.array());
      assertThat(wire.readUntil("\u0088\u0002\u0003\u00f0")).contains("\u0088\u0002\u0003\u00f0");
    }
  }

  @Test
  void where_channels_are_counted_services_are_offered_no_compression() {
    for (String path : new String[] {"/rooms", "/chat"}) {
      try (Wire wire = new Wire(gateway.port())) {
        wire.send(
            ("GET " + path + " HTTP/1.1\r\nHost: a\r\n")
                + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n");
        String head = wire.readUntil("\r\n\r\n");

        assertThat(head).startsWith("HTTP/1.1 101");
        assertThat(head.contains("permessage-deflate")).as(path).isEqualTo(path.equals("/chat"));
      }
    }
  }

  @Test
  void a_user_who_floods_from_several_sockets_is_closed_with_1008() {
    byte[] frame = {(byte) 0x81, (byte) 0x81, 0, 0, 0, 0, 'x'};
    ByteBuffer half = ByteBuffer.allocate(frame.length * 40);
    for (int i = 0; i < 40; i++) {
      half.put(frame);
    }
    try (Wire one = rooms(MARIA);
        Wire two = rooms(MARIA)) {
      assertThat(one.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      assertThat(two.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
      one.send(half.array());
      one.readUntil("x");
      two.send(half.array());
      assertThat(two.readUntil("\u0088\u0002\u0003\u00f0")).contains("\u0088\u0002\u0003\u00f0");
    }
  }

  private static byte[] subscribe(String id) {
    byte[] text = ("SUBSCRIBE\nid:" + id + "\n\n\0").getBytes(StandardCharsets.UTF_8);
    ByteBuffer frame = ByteBuffer.allocate(6 + text.length);
    frame.put((byte) 0x81).put((byte) (0x80 | text.length)).putInt(0).put(text);
    return frame.array();
  }

  @Test
  void a_connection_over_its_channels_is_closed_with_1008() {
    try (Wire stomp = new Wire(gateway.port())) {
      stomp.send(
          "GET /rooms HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
              + "Sec-WebSocket-Protocol: v12.stomp\r\n\r\n");
      assertThat(stomp.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101").contains("v12.stomp");
      stomp.send(subscribe("a"));
      stomp.send(subscribe("b"));
      stomp.readUntil("id:b");
      stomp.send(subscribe("c"));
      assertThat(stomp.readUntil("\u0088\u0002\u0003\u00f0")).contains("\u0088\u0002\u0003\u00f0");
    }
  }

  @Test
  void a_stopping_gateway_closes_with_1012() throws Exception {
    Client client = new Client();
    open(client);
    gateway.gateway().stop(java.time.Duration.ofMillis(1));

    assertThat(client.closed.get(5, TimeUnit.SECONDS)).isEqualTo(1012);
  }
}
