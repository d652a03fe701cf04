package app.avalo.gateway.situation;

import static app.avalo.gateway.testing.GrpcMethods.DOWN;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.GrpcMethods;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.ScriptedUpstream.Connection;
import app.avalo.gateway.testing.Wire;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.util.Iterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers that flow until nothing more can be paid: they end there, and well where they can. */
class StreamsRunOutOfMoneyIT {
  private static final long SLICE = 1_000;
  private static final long AMOUNT = 10_000; // micro-units; 10 KiB cost a slice

  /** What was read from a service at once and cannot be paid as a whole is thrown away. */
  private static final long LEAST = AMOUNT / 4;

  private static final String HEAD =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: ";
  private static final String GET = " HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String UPLOAD =
      "POST /uploads HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  private static final String KIBIBYTE = "400\r\n" + "z".repeat(1_024) + "\r\n";
  private static final String EVENT = "data: " + "x".repeat(90) + "\n\n";

  private static final String FRAME = "\u0082\u005a" + "y".repeat(90);
  private static final String SPENT = "\u0088\u0008\u0003\u00f0budget"; // a close frame
  private static final String UPGRADE =
      "GET /bytes HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  private ScriptedUpstream upstream;
  private Server calls;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws IOException {
    start("{}", AMOUNT);
  }

  private void start(String state, long amount) throws IOException {
    upstream = new ScriptedUpstream();
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
            state: %3$s
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            budgets:
              bytes:
                amount: %4$s PLN
                services: [bytes]
                cost: {perKibibyteOut: 0.0001 PLN, slice: 0.001 PLN}
              seconds:
                amount: 0.010 PLN
                services: [seconds]
                cost: {perSecond: 0.010 PLN, slice: 0.001 PLN}
              calls:
                amount: 0.010 PLN
                services: [calls]
                cost: {perKibibyteOut: 0.0001 PLN, slice: 0.001 PLN}
              uploads:
                amount: 0.010 PLN
                services: [uploads]
                cost: {perKibibyteIn: 0.0001 PLN, slice: 0.001 PLN}
            services:
              uploads: {regions: {eu: ["http://127.0.0.1:%1$d"]}}
              bytes: {regions: {eu: ["http://127.0.0.1:%1$d"]}}
              seconds: {regions: {eu: ["http://127.0.0.1:%1$d"]}}
              calls:
                protocol: http2
                regions: {eu: ["http://127.0.0.1:%2$d"]}
                health: {statuses: 200-499}
            routes:
              - {name: bytes, match: {path: {prefix: /bytes}}, service: bytes}
              - {name: seconds, match: {path: {prefix: /seconds}}, service: seconds}
              - {name: uploads, match: {path: {prefix: /uploads}}, service: uploads}
              - {name: calls, match: {path: {prefix: /test.Text}}, service: calls}
            """
                .formatted(upstream.port(), calls.getPort(), state, BigDecimal.valueOf(amount, 6)));
  }

  @AfterEach
  void stop() {
    gateway.close();
    upstream.close();
    calls.shutdownNow();
  }

  private static void chunk(Connection to, String text) throws IOException {
    to.send(Integer.toHexString(text.length()) + "\r\n" + text + "\r\n");
  }

  /** An endless stream in pieces that end anywhere. */
  private static void pour(Connection to, String type, String text) throws IOException {
    to.send(HEAD + type + "\r\n\r\n");
    for (int at = 0; ; at = (at + 70) % text.length()) {
      chunk(to, (text + text).substring(at, at + 70));
    }
  }

  /** An endless row of frames, likewise. */
  private static void pourFrames(Connection to) throws IOException {
    to.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    for (int at = 0; ; at = (at + 71) % FRAME.length()) {
      to.send((FRAME + FRAME).substring(at, at + 71));
    }
  }

  private BudgetView budget(int index) {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    return gateway.gateway().shared().ledger().view(gateway.gateway().plan()).get(index);
  }

  private static String unchunked(String body) {
    StringBuilder text = new StringBuilder();
    Matcher chunk = Pattern.compile("([0-9a-f]+)\r\n").matcher(body);
    int at = 0;
    while (chunk.find(at)) {
      int size = Integer.parseInt(chunk.group(1), 16);
      text.append(body, chunk.end(), chunk.end() + size);
      at = chunk.end() + size + 2;
    }
    return text.toString();
  }

  @Test
  void a_stream_of_events_ends_behind_an_event_and_says_why() {
    upstream.script(connection -> pour(connection, "text/event-stream", EVENT));

    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET /bytes" + GET).readUntil("\r\n\r\n");
      String events = unchunked(wire.readUntil("\r\n0\r\n\r\n"));

      int last = events.indexOf("event: budget\n");
      assertThat(last % EVENT.length()).isZero();
      assertThat(events.substring(last))
          .contains("\"rule\":\"bytes\"", "it eases at")
          .endsWith("\n\n");
      assertThat(budget(0).spent()).isBetween(LEAST, AMOUNT + SLICE);
      assertThat(budget(0).reserved()).isZero();
      assertThat(wire.send("GET /bytes" + GET).readUntil("\r\n\r\n"))
          .as("the connection goes on")
          .startsWith("HTTP/1.1 429");
    }
  }

  @Test
  void an_event_whose_rest_costs_more_than_a_slice_is_cut_off() {
    String event = "data: " + "x".repeat(40_000) + "\n\n";
    upstream.script(connection -> pour(connection, "text/event-stream", event));

    try (Wire wire = new Wire(gateway.port())) {
      String events = wire.send("GET /bytes" + GET).readAll();

      assertThat(events).startsWith("HTTP/1.1 200").doesNotContain("event: budget", "\r\n0\r\n");
      assertThat(budget(0).spent()).isBetween(LEAST, AMOUNT + SLICE);
    }
  }

  @Test
  void one_that_only_lasts_ends_when_its_time_is_not_paid() {
    upstream.script(
        connection -> {
          connection.send(HEAD + "text/event-stream\r\n\r\n");
          chunk(connection, EVENT);
          connection.read(1);
        });

    try (Wire wire = new Wire(gateway.port())) {
      String events = wire.send("GET /seconds" + GET).readUntil("\r\n0\r\n\r\n");

      assertThat(events).contains(EVENT, "event: budget\n");
      assertThat(budget(1).spent()).isBetween(LEAST, AMOUNT + SLICE);
    }
  }

  @Test
  void one_whose_time_is_not_paid_ends_behind_the_event_under_way() {
    upstream.script(connection -> pour(connection, "text/event-stream", EVENT));

    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET /seconds" + GET).readUntil("\r\n\r\n");
      String events = unchunked(wire.readUntil("\r\n0\r\n\r\n"));

      assertThat(events.indexOf("event: budget\n") % EVENT.length()).isZero();
      assertThat(budget(1).spent()).isBetween(LEAST, AMOUNT + SLICE);
    }
  }

  @Test
  void one_that_is_faster_than_the_leases_of_its_gateway_waits_for_them() throws IOException {
    long amount = 100 * SLICE;
    stop();
    try (RedisServer redis = RedisServer.start()) {
      start("{redis: {endpoints: [\"%s\"]}}".formatted(redis.url()), amount);
      Awaiting.until(() -> budget(0).store() == BudgetView.Store.SHARED);
      upstream.script(connection -> pour(connection, "text/event-stream", EVENT));

      try (Wire wire = new Wire(gateway.port())) {
        wire.send("GET /bytes" + GET).readUntil("\r\n\r\n");
        String events = unchunked(wire.readUntil("\r\n0\r\n\r\n"));

        assertThat(events.indexOf("event: budget\n") % EVENT.length()).isZero();
        assertThat(budget(0).spent()).isBetween(amount - AMOUNT, amount + SLICE);
      }
    }
  }

  @Test
  void so_does_a_web_socket() throws IOException {
    long amount = 100 * SLICE;
    stop();
    try (RedisServer redis = RedisServer.start()) {
      start("{redis: {endpoints: [\"%s\"]}}".formatted(redis.url()), amount);
      Awaiting.until(() -> budget(0).store() == BudgetView.Store.SHARED);
      upstream.script(connection -> pourFrames(connection));

      try (Wire wire = new Wire(gateway.port())) {
        String frames = wire.send(UPGRADE).readUntil(SPENT);

        assertThat(
                (frames.indexOf("\r\n\r\n") + 4 + SPENT.length() - frames.length())
                    % FRAME.length())
            .isZero();
        wire.send("\u0088\u0082\0\0\0\0\u0003\u00f0");
        assertThat(budget(0).spent()).isBetween(amount - AMOUNT, amount + SLICE);
      }
    }
  }

  @Test
  void any_other_answer_is_cut_off_so_that_it_never_looks_whole() {
    upstream.script(connection -> pour(connection, "application/json", "[1, 2, 3],".repeat(10)));

    try (Wire wire = new Wire(gateway.port())) {
      String answer = wire.send("GET /bytes" + GET).readAll();

      assertThat(answer).startsWith("HTTP/1.1 200").doesNotContain("\r\n0\r\n");
      assertThat(budget(0).spent()).isBetween(LEAST, AMOUNT);
    }
  }

  @Test
  void a_body_of_unknown_length_is_passed_on_as_far_as_it_can_be_paid() {
    upstream.script(connection -> connection.read(1 << 20));
    try (Wire one = new Wire(gateway.port());
        Wire two = new Wire(gateway.port())) {
      one.send(UPLOAD);
      two.send(UPLOAD);
      for (int i = 0; i < 110; i++) {
        one.trySend(KIBIBYTE);
        two.trySend(KIBIBYTE);
      }

      assertThat(one.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 429");
      assertThat(two.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 429");
    }
    assertThat(budget(3).spent()).isBetween(LEAST, AMOUNT);
    assertThat(budget(3).reserved()).isZero();
  }

  @Test
  void one_that_is_faster_than_the_leases_of_its_gateway_waits_too() throws IOException {
    stop();
    try (RedisServer redis = RedisServer.start()) {
      start("{redis: {endpoints: [\"%s\"]}}".formatted(redis.url()), AMOUNT);
      Awaiting.until(() -> budget(3).store() == BudgetView.Store.SHARED);
      upstream.script(connection -> connection.read(1 << 20));

      try (Wire wire = new Wire(gateway.port())) {
        wire.send(UPLOAD);
        for (int i = 0; i < 110; i++) {
          wire.trySend(KIBIBYTE);
        }
        assertThat(wire.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 429");
      }
      assertThat(budget(3).spent()).isBetween(AMOUNT / 2, AMOUNT);
    }
  }

  @Test
  void a_web_socket_is_closed_between_two_frames() {
    upstream.script(connection -> pourFrames(connection));

    try (Wire wire = new Wire(gateway.port())) {
      wire.send(UPGRADE).readUntil("\r\n\r\n");
      String frames = wire.readUntil(SPENT);

      assertThat(frames).endsWith(SPENT);
      assertThat((frames.length() - SPENT.length()) % FRAME.length()).isZero();
      wire.send("\u0088\u0082\0\0\0\0\u0003\u00f0");
      assertThat(budget(0).spent()).isBetween(LEAST, AMOUNT + SLICE);
    }
  }

  @Test
  void a_call_ends_between_two_messages_as_resource_exhausted() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", gateway.port()).usePlaintext().build();
    int messages = 0;
    Status status = Status.OK;
    try {
      Iterator<String> down =
          ClientCalls.blockingServerStreamingCall(channel, DOWN, CallOptions.DEFAULT, "1000000");
      while (down.hasNext()) {
        down.next();
        messages++;
      }
    } catch (StatusRuntimeException ended) {
      status = ended.getStatus();
    } finally {
      channel.shutdownNow();
    }

    assertThat(status.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(status.getDescription()).contains("The budget calls is used up");
    assertThat(messages).isGreaterThan(1_000);
    assertThat(budget(2).spent()).isBetween(LEAST, AMOUNT + SLICE);
  }
}
