package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.TestAuthority;
import app.avalo.gateway.testing.Wire;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is next to the handshake of a WebSocket on the wire. */
class WebSocketHandshakeIT {
  private static final String GET = "GET /chat HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String ASK =
      "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  private static final String AGREE =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

  /** A text of one letter, masked as clients must. */
  private static final String PING = "\u0081\u0081\0\0\0\0a";

  private static final String PONG = "\u0081\1b";

  @TempDir private static Path directory;
  private static TestAuthority authority;
  private static ScriptedUpstream chat;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    authority = TestAuthority.in(directory);
    TestAuthority.Pair own = authority.issue("dns:localhost");
    chat = new ScriptedUpstream();
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - {name: plain, address: "127.0.0.1:0"}
              - name: tls
                address: "127.0.0.1:0"
                tls: {certificates: [{certificate: "%s", key: "%s"}]}
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              chat: {regions: {eu: "http://127.0.0.1:%d"}}
            routes:
              - {name: chat, match: {path: /chat}, service: chat}
            """
                .formatted(own.certificate(), own.key(), chat.port()));
  }

  @AfterEach
  void settle() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    chat.close();
  }

  /** Answers requests, then agrees, and says something when it was told something. */
  private static void serve(ScriptedUpstream.Connection first) throws IOException {
    ScriptedUpstream.Connection connection = first;
    while (!connection.head().contains("websocket")) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      connection = connection.next();
    }
    connection.send(AGREE);
    if (connection.read(PING.length()).equals(PING)) {
      connection.send(PONG);
    }
  }

  @Test
  void a_service_that_speaks_right_behind_its_101_is_heard() {
    chat.script(connection -> connection.send(AGREE + PONG).read(PING.length()));
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(ASK);

      assertThat(wire.readUntil(PONG)).startsWith("HTTP/1.1 101").endsWith("\r\n\r\n" + PONG);
    }
  }

  @Test
  void a_client_that_speaks_before_it_is_answered_is_heard() {
    chat.script(WebSocketHandshakeIT::serve);
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(ASK + PING);

      assertThat(wire.readUntil(PONG)).startsWith("HTTP/1.1 101").endsWith("\r\n\r\n" + PONG);
    }
  }

  @Test
  void requests_before_it_on_the_same_connection_change_nothing() {
    chat.script(WebSocketHandshakeIT::serve);
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(GET + GET + ASK);
      for (int i = 0; i < 2; i++) {
        assertThat(wire.readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");
      }
      assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");

      assertThat(wire.send(PING).readUntil(PONG)).isEqualTo(PONG);
    }
  }

  @Test
  void the_same_holds_over_tls() throws Exception {
    chat.script(WebSocketHandshakeIT::serve);
    try (SSLSocket socket =
        (SSLSocket)
            authority
                .trusting()
                .getSocketFactory()
                .createSocket("127.0.0.1", gateway.gateway().port("tls"))) {
      socket.setSoTimeout(10_000);
      for (int i = 0; i < 2; i++) {
        assertThat(exchange(socket, GET, "\r\n\r\nok")).startsWith("HTTP/1.1 200");
      }
      assertThat(exchange(socket, ASK, "\r\n\r\n")).startsWith("HTTP/1.1 101");

      assertThat(exchange(socket, PING, PONG)).isEqualTo(PONG);
    }
  }

  /** Sends text, and reads until a mark has come. */
  private static String exchange(SSLSocket socket, String text, String mark) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    StringBuilder read = new StringBuilder();
    while (!read.toString().endsWith(mark)) {
      int b = socket.getInputStream().read();
      assertThat(b).as(read.toString()).isNotNegative();
      read.append((char) b);
    }
    return read.toString();
  }

  @Test
  void a_refusal_leaves_the_connection_to_other_requests() {
    chat.script(
        connection -> {
          if (connection.head().contains("websocket")) {
            connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
          } else {
            serve(connection);
          }
        });
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(ASK + GET);
      assertThat(wire.readUntil("\r\n\r\nno")).startsWith("HTTP/1.1 403");
      assertThat(wire.readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");

      assertThat(wire.send(GET).readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");
    }
  }
}
