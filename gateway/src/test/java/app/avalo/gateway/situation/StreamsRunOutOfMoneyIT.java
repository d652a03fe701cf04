package app.avalo.gateway.situation;

import static app.avalo.gateway.testing.GrpcMethods.DOWN;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Wire;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.util.Iterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers that flow until nothing more can be paid: they end there, and well where they can. */
class StreamsRunOutOfMoneyIT extends PaidStreams {
  @BeforeEach
  void start() throws IOException {
    start("{}", AMOUNT);
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
  void a_web_socket_that_only_lasts_ends_when_its_time_is_not_paid() {
    upstream.script(connection -> connection.send(SWITCHING + FRAME).read(1));

    try (Wire wire = new Wire(gateway.port())) {
      wire.send(UPGRADE.replace("/bytes", "/seconds")).readUntil("\r\n\r\n");

      assertThat(wire.readUntil(SPENT)).isEqualTo(FRAME + SPENT);
      wire.send("\u0088\u0082\0\0\0\0\u0003\u00f0");
      assertThat(budget(1).spent()).isBetween(LEAST, AMOUNT + SLICE);
    }
  }

  @Test
  void a_frame_whose_rest_costs_more_than_a_slice_is_cut_off() {
    String head = "\u0082\u007f\0\0\0\0\0\u0010\0\0"; // of a MiB
    upstream.script(connection -> connection.send(SWITCHING + head + "z".repeat(1 << 20)).read(1));

    try (Wire wire = new Wire(gateway.port())) {
      String frame = wire.send(UPGRADE).readAll();

      assertThat(frame).startsWith("HTTP/1.1 101").doesNotContain(SPENT);
      assertThat(budget(0).spent()).isBetween(LEAST, AMOUNT + SLICE);
    }
  }

  @Test
  void what_a_client_sends_is_not_passed_on_unpaid() {
    upstream.script(connection -> connection.send(SWITCHING).read(1 << 24));

    try (Wire wire = new Wire(gateway.port())) {
      wire.send(UPGRADE.replace("/bytes", "/uploads")).readUntil("\r\n\r\n");
      wire.trySend(MASKED.repeat(100));

      assertThat(wire.readUntil(SPENT)).isEqualTo(SPENT);
      wire.trySend("\u0088\u0082\0\0\0\0\u0003\u00f0");
    }
    assertThat(budget(3).spent()).isBetween(LEAST, AMOUNT);
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
