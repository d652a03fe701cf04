package app.avalo.gateway.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.Wire;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** WebSockets as both ends see them on the wire, byte by byte. */
class TunnelIT {
  private static final String UPGRADE =
      "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  private static final String SWITCHED =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

  /** A final binary frame of 64 KiB less its own header, as a server and as a client sends it. */
  private static final int CHUNK = 64 * 1024;

  private static final long TOTAL = 200L << 20;

  /** What the buffers of four sockets and two write queues may hold. */
  private static final long BOUND = 32L << 20;

  private final CompletableFuture<String> seen = new CompletableFuture<>();
  private ScriptedUpstream upstream;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    upstream = new ScriptedUpstream();
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              chat:
                regions: {eu: ["http://127.0.0.1:%1$d"]}
                webSocket: {messages: 100000/s}
              quiet:
                regions: {eu: ["http://127.0.0.1:%1$d"]}
                webSocket: {idleTimeout: 400ms}
              slow:
                regions: {eu: ["http://127.0.0.1:%1$d"]}
                webSocket: {idleTimeout: 400ms, messages: 2/s}
            routes:
              - {name: chat, match: {path: {prefix: /chat}}, service: chat}
              - {name: quiet, match: {path: {prefix: /quiet}}, service: quiet}
              - {name: slow, match: {path: {prefix: /slow}}, service: slow}
            """
                .formatted(upstream.port()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    upstream.close();
  }

  private Wire open() {
    Wire wire = new Wire(gateway.port());
    assertThat(wire.send(UPGRADE + "\r\n").readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101");
    return wire;
  }

  private String seen() throws Exception {
    return seen.get(10, TimeUnit.SECONDS);
  }

  private void assertNothingIsLeft() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  /** Header of a frame with this many bytes of payload; a mask of zeros changes nothing. */
  private static byte[] frame(boolean masked) {
    byte[] frame = new byte[CHUNK];
    int payload = CHUNK - (masked ? 14 : 10);
    frame[0] = (byte) 0x82;
    frame[1] = (byte) (masked ? 0xff : 0x7f);
    frame[7] = (byte) (payload >> 16);
    frame[8] = (byte) (payload >> 8);
    frame[9] = (byte) payload;
    return frame;
  }

  private static void fill(OutputStream out, boolean masked, AtomicLong written)
      throws IOException {
    byte[] frame = frame(masked);
    while (written.get() < TOTAL) {
      out.write(frame);
      written.addAndGet(frame.length);
    }
  }

  private static long drain(InputStream in) throws IOException {
    byte[] buffer = new byte[CHUNK];
    long read = 0;
    while (read < TOTAL) {
      int now = in.read(buffer);
      if (now < 0) {
        break;
      }
      read += now;
    }
    return read;
  }

  /** The value of a counter that has not moved for many looks. */
  private static long standstill(AtomicLong counter) {
    long[] last = {-1, 0};
    Awaiting.until(
        () -> {
          last[1] = counter.get() == last[0] ? last[1] + 1 : 0;
          last[0] = counter.get();
          return last[0] > 0 && last[1] >= 100;
        });
    return counter.get();
  }

  @Test
  void a_client_that_reads_nothing_stops_the_service_and_then_gets_every_byte() throws Exception {
    AtomicLong written = new AtomicLong();
    upstream.script(
        connection -> {
          connection.send(SWITCHED + "\r\n");
          fill(connection.socket().getOutputStream(), false, written);
        });
    try (Wire wire = open()) {
      assertThat(standstill(written)).isLessThan(BOUND);

      assertThat(drain(wire.socket().getInputStream())).isEqualTo(TOTAL);
    }
  }

  @Test
  void a_service_that_reads_nothing_stops_the_client_and_then_gets_every_byte() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    AtomicLong received = new AtomicLong();
    upstream.script(
        connection -> {
          connection.send(SWITCHED + "\r\n");
          try {
            read.await();
          } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
          }
          received.set(drain(connection.socket().getInputStream()));
        });
    try (Wire wire = open()) {
      AtomicLong written = new AtomicLong();
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(
              () -> {
                try {
                  fill(wire.socket().getOutputStream(), true, written);
                } catch (IOException failed) {
                  throw new AssertionError(failed);
                }
              });
      assertThat(standstill(written)).isLessThan(BOUND);

      read.countDown();

      sending.get(10, TimeUnit.SECONDS);
      Awaiting.until(() -> received.get() == TOTAL);
    }
  }

  @Test
  void extensions_are_agreed_between_the_ends_and_their_frames_pass_untouched() throws Exception {
    String compressed = "\u00c1\u0005\u00f2\u0048\u00cd\u00c9\u0007";
    String masked =
        "\u00c1\u0087\u0001\u0002\u0003\u0004\u00f3\u004a\u00ce\u00cd\u00c8\u0005\u0003";
    upstream.script(
        connection -> {
          connection.send(
              SWITCHED
                  + "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n"
                  + "Sec-WebSocket-Protocol: chat.v2\r\n\r\n"
                  + compressed);
          seen.complete(connection.head() + connection.read(masked.length()));
        });
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          UPGRADE
              + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
              + "Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n\r\n");
      String answer = wire.readUntil(compressed);
      wire.send(masked);

      assertThat(answer.toLowerCase(java.util.Locale.ROOT))
          .contains("extensions: permessage-deflate; server_max_window_bits=10\r\n")
          .contains("protocol: chat.v2\r\n")
          .contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=");
      assertThat(seen().toLowerCase(java.util.Locale.ROOT))
          .contains("sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n")
          .contains("sec-websocket-protocol: chat.v1, chat.v2\r\n")
          .contains("upgrade: websocket\r\n");
      assertThat(seen()).endsWith(masked);
    }
  }

  @Test
  void a_refused_upgrade_is_relayed_with_status_headers_and_body() {
    upstream.script(
        connection ->
            connection.send(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"chat\"\r\n"
                    + "Content-Type: text/plain\r\nContent-Length: 9\r\n\r\nwho are u"));
    try (Wire wire = new Wire(gateway.port())) {
      String answer = wire.send(UPGRADE + "\r\n").readUntil("who are u");

      assertThat(answer)
          .startsWith("HTTP/1.1 401")
          .containsIgnoringCase("www-authenticate: Bearer realm=\"chat\"\r\n")
          .containsIgnoringCase("content-type: text/plain\r\n")
          .endsWith("\r\n\r\nwho are u");
    }
    assertNothingIsLeft();
  }

  @Test
  void an_idle_websocket_is_closed_at_both_ends() throws Exception {
    upstream.script(
        connection -> {
          connection.send(SWITCHED + "\r\n");
          seen.complete(connection.read(100));
        });
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(UPGRADE.replace("/chat", "/quiet") + "\r\n").readUntil("\r\n\r\n");

      String toClient = new String(wire.read(4), java.nio.charset.StandardCharsets.ISO_8859_1);
      assertThat(toClient).isEqualTo("\u0088\u0002\u0003\u00f4");
      wire.send("\u0088\u0082\0\0\0\0\u0003\u00f4");
      assertThat(wire.isClosed()).isTrue();
      assertThat(seen()).isEqualTo("\u0088\u0082\0\0\0\0\u0003\u00f4");
    }
    assertNothingIsLeft();
  }

  @Test
  void who_is_read_slowly_is_not_idle_meanwhile() throws Exception {
    String message = "\u0081\u0081\0\0\0\0a";
    CompletableFuture<Void> first = new CompletableFuture<>();
    upstream.script(
        connection -> {
          connection.send(SWITCHED + "\r\n").read(4 * message.length());
          first.complete(null);
          seen.complete(connection.read(message.length()));
        });
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(UPGRADE.replace("/chat", "/slow") + "\r\n").readUntil("\r\n\r\n");
      wire.send(message.repeat(4)); // a second ahead
      first.get(10, TimeUnit.SECONDS);

      wire.send(message);

      assertThat(seen()).isEqualTo(message);
    }
    assertNothingIsLeft();
  }

  @Test
  void a_service_that_ends_without_a_word_sends_the_client_elsewhere_behind_its_last_byte() {
    upstream.script(connection -> connection.send(SWITCHED + "\r\n\u0081\u0003bye"));
    try (Wire wire = open()) {
      assertThat(wire.readAll()).isEqualTo("\u0081\u0003bye" + "\u0088\u0002\u0003\u00f4");
    }
    assertNothingIsLeft();
  }

  @Test
  void a_service_that_resets_sends_the_client_elsewhere() {
    upstream.script(
        connection -> {
          connection.send(SWITCHED + "\r\n").read(1);
          connection.reset();
        });
    try (Wire wire = open()) {
      wire.send("\u0081\u0082\0\0\0\0hi");

      assertThat(wire.readUntil("\u0003\u00f4")).isEqualTo("\u0088\u0002\u0003\u00f4");
      wire.send("\u0088\u0080\0\0\0\0");
      assertThat(wire.isClosed()).isTrue();
    }
    assertNothingIsLeft();
  }

  @Test
  void a_service_that_resets_before_anybody_has_heard_it_leaves_nobody_waiting() {
    upstream.script(connection -> connection.send(SWITCHED + "\r\n").reset());
    try (Wire wire = new Wire(gateway.port())) {
      // Whether the handshake was heard before the reset is up to the kernel.
      String all = wire.send(UPGRADE + "\r\n").readAll();
      assertThat(all)
          .satisfiesAnyOf(
              open -> assertThat(open).startsWith("HTTP/1.1 101 ").endsWith("\u0003\u00f4"),
              refused -> assertThat(refused).startsWith("HTTP/1.1 502 "));
    }
    assertNothingIsLeft();
  }

  @Test
  void a_client_that_resets_ends_the_service_at_once() throws Exception {
    upstream.script(
        connection -> {
          connection.send(SWITCHED + "\r\n");
          seen.complete("end" + connection.read(1));
        });
    Wire wire = open();
    wire.socket().setSoLinger(true, 0);

    wire.close();

    assertThat(seen()).isEqualTo("end");
    assertNothingIsLeft();
  }

  @Test
  void a_client_that_half_closes_ends_the_service_at_once() throws Exception {
    upstream.script(
        connection -> {
          connection.send(SWITCHED + "\r\n");
          seen.complete(connection.read(100) + "end");
        });
    try (Wire wire = open()) {
      wire.send("\u0081\u0082\0\0\0\0hi");
      wire.socket().shutdownOutput();

      assertThat(seen()).isEqualTo("\u0081\u0082\0\0\0\0hiend");
      assertThat(wire.isClosed()).isTrue();
    }
    assertNothingIsLeft();
  }
}
