package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Escaped;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.Wire;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Answers that two parsers could read differently, or that do not end where they say. */
class AnswerFramingIT {
  private static final String GOOD = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  private static ScriptedUpstream upstream;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    upstream = new ScriptedUpstream();
    gateway = RunningGateway.inFrontOf(upstream.port());
  }

  @AfterAll
  static void stop() {
    gateway.close();
    upstream.close();
  }

  @AfterEach
  void nothing_is_left_in_flight() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  static List<Escaped> hostile() {
    return Escaped.read(
        AnswerFramingIT.class,
        "hostile-answers.txt",
        "{L}",
        "Content-Length: 2\\r\\n",
        "{C}",
        "Transfer-Encoding: chunked\\r\\n");
  }

  /** A POST is sent once, so that what comes back is the answer to the bad one. */
  private static Wire post() {
    return new Wire(gateway.port()).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void what_can_be_read_in_two_ways_is_502_and_ends_the_connection(Escaped answer) {
    AtomicBoolean ended = new AtomicBoolean();
    upstream.script(
        c -> {
          c.send(answer.text());
          ended.set(c.socket().getInputStream().read() < 0);
        });
    try (Wire wire = post()) {
      assertThat(wire.readUntil("}\n"))
          .startsWith("HTTP/1.1 502 ")
          .contains("upstream-protocol")
          .doesNotContain("xception", "netty", "127.0.0.1");
    }
    Awaiting.until(ended::get);
  }

  @Test
  void interim_answers_without_end_are_502() {
    upstream.script(
        c -> c.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(200) + GOOD));
    try (Wire wire = post()) {
      assertThat(wire.readUntil("}\n")).contains("HTTP/1.1 502 ");
    }
  }

  @Test
  void a_head_without_end_is_502() {
    upstream.script(
        c -> c.send("HTTP/1.1 200 OK\r\n" + ("X: " + "a".repeat(1000) + "\r\n").repeat(100)));
    try (Wire wire = post()) {
      assertThat(wire.readUntil("}\n")).contains("HTTP/1.1 502 ");
    }
  }

  @Test
  void a_bad_chunk_never_looks_like_the_end() {
    upstream.script(
        c ->
            c.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nxyz\r\n0\r\n\r\n"));
    try (Wire wire = post()) {
      assertThat(wire.readAll()).doesNotEndWith("0\r\n\r\n");
    }
  }

  @Test
  void bytes_behind_an_answer_end_the_connection_and_reach_nobody() {
    AtomicBoolean ended = new AtomicBoolean();
    upstream.script(
        c -> {
          c.send(GOOD + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
          ended.set(c.socket().getInputStream().read() < 0);
        });
    try (Wire wire = post()) {
      assertThat(wire.readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");
    }
    Awaiting.until(ended::get);
  }

  @Test
  void bytes_on_an_idle_connection_end_it_and_reach_nobody() {
    AtomicBoolean ended = new AtomicBoolean();
    upstream.script(
        c -> {
          c.send(GOOD);
          // The client has its answer, so the connection is idle.
          c.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
          ended.set(c.socket().getInputStream().read() < 0);
        });
    try (Wire wire = post()) {
      assertThat(wire.readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");
    }
    Awaiting.until(ended::get);
    upstream.script(c -> c.send(GOOD));
    try (Wire wire = post()) {
      assertThat(wire.readUntil("\r\n\r\nok")).startsWith("HTTP/1.1 200");
    }
  }
}
