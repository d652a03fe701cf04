package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.run.Gateway;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.FrameUpstream;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.ThreeRegions;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What services see of retries and hedges. */
class FurtherAttemptsIT {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  private static final int INTERNAL_ERROR = 2;
  private static final int REFUSED_STREAM = 7;

  private RunningGateway gateway;

  @AfterEach
  void stop() {
    gateway.close();
  }

  /** One service in three regions; the client of the tests is in the first. */
  private void start(String service, int eu, int us, int asia) {
    start("", service, eu, us, asia);
  }

  private void start(String more, String service, int eu, int us, int asia) {
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + more
                + """
                services:
                  feed: {%s, %s}
                routes:
                  - {name: all, match: {path: {prefix: /}}, service: feed}
                """
                    .formatted(service, ThreeRegions.everywhere(eu, us, asia)));
    Awaiting.until(gateway.gateway()::isReady);
  }

  private int get() {
    return gateway.get("/", "X-Forwarded-For", ThreeRegions.BERLIN).statusCode();
  }

  @Test
  void the_request_that_lost_to_its_hedge_is_cut_off() {
    AtomicBoolean cutOff = new AtomicBoolean();
    try (ScriptedUpstream late = new ScriptedUpstream();
        ScriptedUpstream quick = new ScriptedUpstream()) {
      late.script(connection -> cutOff.set(connection.read(1).isEmpty()));
      quick.script(connection -> connection.send(OK));
      start("timeouts: {attempt: 400ms}", late.port(), quick.port(), quick.port());

      assertThat(get()).isEqualTo(200);

      Awaiting.until(cutOff::get);
    }
  }

  @Test
  void the_stream_that_lost_to_its_hedge_is_reset_and_its_connection_stays() {
    try (FrameUpstream late = new FrameUpstream();
        FrameUpstream quick = new FrameUpstream()) {
      late.script(call -> {});
      quick.script(call -> call.fields(false, ":status", "200").data("ok", true));
      start("protocol: http2, timeouts: {attempt: 400ms}", late.port(), quick.port(), quick.port());

      assertThat(get()).isEqualTo(200);

      Awaiting.until(
          () -> late.seen().stream().anyMatch(frame -> frame.matches("RST_STREAM \\d+ 8")));
      assertThat(late.seen()).noneMatch(frame -> frame.startsWith("GOAWAY"));
    }
  }

  @Test
  void a_region_that_failed_is_not_asked_again_while_tries_are_left() {
    List<String> asked = new CopyOnWriteArrayList<>();
    try (ScriptedUpstream eu = failing("eu", asked);
        ScriptedUpstream us = failing("us", asked);
        ScriptedUpstream asia = failing("asia", asked)) {
      start("retry: {attempts: 5, hedge: false}", eu.port(), us.port(), asia.port());

      assertThat(get()).isBetween(502, 504);
    }
    assertThat(asked).startsWith("eu").containsExactlyInAnyOrder("eu", "us", "asia");
  }

  /** The first may have worked on it, the second says that it did not. */
  @Test
  void an_attempt_that_a_service_refused_is_not_paid() {
    String budget = "budgets: {m: {amount: 9 PLN, services: [feed], cost: {perRequest: 1 PLN}}}\n";
    try (FrameUpstream eu = new FrameUpstream();
        FrameUpstream us = new FrameUpstream();
        FrameUpstream asia = new FrameUpstream()) {
      List<String> asked = new CopyOnWriteArrayList<>();
      for (FrameUpstream each : List.of(eu, us, asia)) {
        each.script(
            call -> {
              asked.add("one");
              switch (asked.size()) {
                case 1 -> call.reset(INTERNAL_ERROR);
                case 2 -> call.reset(REFUSED_STREAM);
                default -> call.fields(false, ":status", "200").data("ok", true);
              }
            });
      }
      start(budget, "protocol: http2", eu.port(), us.port(), asia.port());

      assertThat(get()).isEqualTo(200);

      assertThat(asked).hasSize(3);
      Awaiting.until(() -> gateway.gateway().inFlight() == 0);
      Gateway running = gateway.gateway();
      assertThat(running.shared().ledger().view(running.plan()).get(0).spent())
          .isEqualTo(2_000_000);
    }
  }

  private static ScriptedUpstream failing(String name, List<String> asked) {
    ScriptedUpstream upstream = new ScriptedUpstream();
    upstream.script(
        connection -> {
          asked.add(name);
          connection.reset();
        });
    return upstream;
  }

  /** At the price of other retries the purse of one event loop would pay for a hundred of them. */
  @Test
  void an_outage_of_everything_is_not_made_worse_by_many_retries() {
    int requests = 150;
    try (ThreeRegions regions = new ThreeRegions()) {
      start(
          "retry: {hedge: false}", regions.eu().port(), regions.us().port(), regions.asia().port());
      regions.all().forEach(region -> region.mode(Mode.ERROR_503));

      for (int i = 0; i < requests; i++) {
        // 502 is for who was under way at a region as that was convicted, with an empty purse.
        assertThat(get()).isIn(502, 503);
      }

      assertThat(regions.requests() - requests).isBetween(10L, 80L);
    }
  }
}
