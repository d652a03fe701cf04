package app.avalo.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.FrameUpstream;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.Wire;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** HTTP/2 services that refuse, go away, send garbage or fall silent. */
class Http2TroubleIT {
  private final FrameUpstream eu = new FrameUpstream();
  private final FrameUpstream us = new FrameUpstream();
  private final ScriptedUpstream other = new ScriptedUpstream();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    eu.script(call -> call.fields(true, ":status", "200", "x-region", "eu"));
    us.script(call -> call.fields(true, ":status", "200", "x-region", "us"));
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
              us: {index: 1, place: Boston, latitude: 42.3, longitude: -71.0}
            placing: {order: [eu, us]}
            defaults: {health: {timeout: 9s, interval: 9s}}
            services:
              feed:
                protocol: http2
                regions: {eu: "http://127.0.0.1:%d", us: "http://127.0.0.1:%d"}
                timeouts: {connect: 5s, attempt: 8s, total: 10s}
              alone:
                protocol: http2
                regions: {eu: "http://127.0.0.1:%d"}
                timeouts: {connect: 5s, attempt: 8s, total: 10s}
              moving:
                protocol: http2
                regions: {eu: "http://127.0.0.1:%d", us: "http://127.0.0.1:%d"}
                timeouts: {connect: 5s, attempt: 15s, total: 20s}
                health: {path: /health, statuses: 200-299, interval: 300ms, timeout: 300ms}
              other:
                protocol: http2
                regions: {eu: "http://127.0.0.1:%d"}
                timeouts: {connect: 5s, attempt: 8s, total: 10s}
              short:
                protocol: http2
                regions: {eu: "http://127.0.0.1:%d"}
                timeouts: {connect: 500ms, attempt: 500ms, total: 500ms}
            routes:
              - {name: other, match: {path: {prefix: /other}}, service: other}
              - {name: moving, match: {path: {prefix: /moving}}, service: moving}
              - {name: short, match: {path: {prefix: /short}}, service: short}
              - {name: alone, match: {path: {prefix: /alone}}, service: alone}
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(
                    eu.port(),
                    us.port(),
                    eu.port(),
                    eu.port(),
                    us.port(),
                    other.port(),
                    eu.port()));
  }

  @AfterEach
  void stop() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    gateway.close();
    eu.close();
    us.close();
    other.close();
  }

  private HttpResponse<String> post(String path, String body) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.uri(path)).POST(BodyPublishers.ofString(body)).build());
  }

  @Test
  void a_refused_stream_moves_on_even_if_its_method_must_not_be_repeated() {
    eu.script(call -> call.reset(7));

    HttpResponse<String> answer = post("/x", "order");

    assertThat(answer.headers().firstValue("x-region")).hasValue("us");
    assertThat(us.seen()).contains("DATA 3 order");
  }

  @Test
  void a_service_that_refuses_everywhere_has_no_room() {
    eu.script(call -> call.reset(7));

    HttpResponse<String> answer = post("/alone", "order");

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("urn:avalo:gateway:overloaded");
  }

  @Test
  void a_reset_stream_may_have_been_worked_on_and_is_not_repeated() {
    eu.script(call -> call.reset(2));

    HttpResponse<String> answer = post("/x", "order");

    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(us.seen()).isEmpty();
  }

  @Test
  void requests_above_the_last_stream_of_a_goaway_are_sent_again_elsewhere() throws Exception {
    eu.script(call -> call.fields(true, ":status", "200"));
    assertThat(gateway.get("/alone/first").statusCode()).isEqualTo(200);
    int before = eu.connections();
    eu.script(
        call -> {
          if (call.connection() > before) {
            call.fields(true, ":status", "200", "x-connection", "new");
          } else {
            call.goAway(call.stream() - 2);
          }
        });

    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      statuses.add(post("/alone", "order").statusCode());
    }

    assertThat(statuses).containsOnly(200);
    assertThat(eu.connections()).isGreaterThan(before);
  }

  @Test
  void a_request_below_the_last_stream_of_a_goaway_is_answered_on_the_old_connection() {
    eu.script(
        call ->
            call.fields(false, ":status", "200")
                .goAway(call.stream())
                .data("half", false)
                .data("whole", true));

    HttpResponse<String> first = gateway.get("/alone");
    HttpResponse<String> second = gateway.get("/alone");

    assertThat(first.body()).isEqualTo("halfwhole");
    assertThat(second.body()).isEqualTo("halfwhole");
    assertThat(eu.connections()).isEqualTo(2);
  }

  @Test
  void a_body_that_ends_early_never_looks_complete() {
    eu.script(call -> call.fields(false, ":status", "200").data("half", false).reset(2));
    try (Wire wire = new Wire(gateway.port())) {
      // Not repeatable, so nothing of its answer is held back.
      wire.send("POST /alone HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");

      assertThat(wire.readAll()).startsWith("HTTP/1.1 200").doesNotContain("0\r\n\r\n");
    }
  }

  @Test
  void a_length_that_does_not_fit_the_body_never_looks_complete() {
    eu.script(
        call -> call.fields(false, ":status", "200", "content-length", "9").data("half", true));
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET /alone HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

      assertThat(wire.readAll()).startsWith("HTTP/1.1 502").doesNotContain("half");
    }
  }

  @Test
  void garbage_is_502() {
    eu.script(call -> call.fields(true, ":status", "abc"));

    HttpResponse<String> answer = gateway.get("/alone");

    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.body()).contains("upstream-protocol");
  }

  @Test
  void an_endpoint_that_speaks_something_else_cannot_be_reached_and_nobody_waits_for_it() {
    other.script(ScriptedUpstream.Connection::reset);
    assertThat(gateway.get("/other").statusCode()).isEqualTo(502);
    other.script(connection -> connection.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
    HttpResponse<String> answer = gateway.get("/other");

    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.body()).contains("upstream-connect");
  }

  @Test
  void a_flood_of_interim_answers_is_502() {
    eu.script(
        call -> {
          for (int i = 0; i < 33; i++) {
            call.fields(false, ":status", "102");
          }
          call.fields(true, ":status", "200");
        });

    assertThat(gateway.get("/alone").statusCode()).isEqualTo(502);
  }

  @Test
  void a_connection_that_dies_is_replaced_once_without_blaming_the_endpoint() {
    assertThat(gateway.get("/alone").statusCode()).isEqualTo(200);
    eu.script(
        call -> {
          if (eu.seen().size() == 1) {
            call.close();
          } else {
            call.fields(true, ":status", "200");
          }
        });

    assertThat(gateway.get("/alone").statusCode()).isEqualTo(200);
  }

  @Test
  void a_client_that_leaves_resets_its_stream_and_no_other() throws Exception {
    eu.script(
        call -> {
          if (!call.headers().path().toString().endsWith("/silent")) {
            call.fields(true, ":status", "200", "x-connection", "" + call.connection());
          }
        });
    String before = gateway.get("/alone").headers().firstValue("x-connection").orElseThrow();
    try (Wire wire = new Wire(gateway.port())) {
      wire.send("GET /alone/silent HTTP/1.1\r\nHost: a\r\n\r\n");
      Awaiting.until(() -> gateway.gateway().inFlight() == 1);
    }

    Awaiting.until(() -> eu.seen().stream().anyMatch(frame -> frame.matches("RST_STREAM \\d+ 8")));
    assertThat(eu.seen()).doesNotContain("GOAWAY");
    assertThat(before).isNotEmpty();
  }

  @Test
  void a_region_that_is_lost_cuts_its_streams_and_they_move_on() {
    eu.script(call -> eu.sicken());

    HttpResponse<String> answer = gateway.get("/moving");

    assertThat(answer.headers().firstValue("x-region")).hasValue("us");
  }

  @Test
  void a_connection_that_has_fallen_silent_takes_no_more_requests() {
    eu.script(call -> call.fields(true, ":status", "200"));
    assertThat(gateway.get("/short").statusCode()).isEqualTo(200);
    int before = eu.connections();
    eu.script(
        call -> {
          if (call.connection() > before) {
            call.fields(true, ":status", "200");
          }
        });

    assertThat(gateway.get("/short").statusCode()).isEqualTo(504);
    assertThat(gateway.get("/short").statusCode()).isEqualTo(200);
    assertThat(eu.seen()).contains("PING");
  }

  @Test
  void no_more_streams_are_opened_than_the_endpoint_allows() throws Exception {
    eu.maxStreams(3);
    eu.script(call -> {});
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      answers.add(
          client.sendAsync(
              HttpRequest.newBuilder(gateway.uri("/alone")).build(), BodyHandlers.ofString()));
    }
    Awaiting.until(() -> eu.seen().stream().filter(f -> f.startsWith("HEADERS")).count() == 20);

    assertThat(eu.connections()).isGreaterThanOrEqualTo(7);
    assertThat(eu.seen()).allMatch(frame -> frame.matches("HEADERS [357]"));
    answers.forEach(answer -> answer.cancel(true));
    answers.get(0).exceptionally(gone -> null).get(5, TimeUnit.SECONDS);
  }
}
