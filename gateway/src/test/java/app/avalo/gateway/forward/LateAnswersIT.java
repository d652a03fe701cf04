package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A region answers, but much later than it used to: only who asked for it waits. */
class LateAnswersIT {
  private static final Duration DELAY = Duration.ofMillis(900);

  private final ThreeRegions regions = new ThreeRegions();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + """
                services:
                  feed:
                    timeouts: {attempt: 10s}
                    %s
                routes:
                  - {name: eager, match: {path: {prefix: /eager}}, service: feed}
                  - {name: calm, match: {path: {prefix: /calm}}, service: feed, retry: {hedge: false}}
                """
                    .formatted(regions.everywhere()));
    Awaiting.until(gateway.gateway()::isReady);
    regions.eu().delay(DELAY);
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  /** Answers from which it is known, on each event loop, how long one takes. */
  private void usual(String path) {
    for (int i = 0; i < 130; i++) {
      assertThat(get(path, "usual").statusCode()).isEqualTo(200);
    }
  }

  private HttpResponse<String> get(String path, String id) {
    return gateway.get(path, "X-Forwarded-For", ThreeRegions.BERLIN, "X-Test-Id", id);
  }

  private static String region(HttpResponse<String> answer) {
    return answer.headers().firstValue("X-Region").orElse("nobody");
  }

  @Test
  void a_late_get_is_asked_of_another_region_and_the_first_answer_counts() {
    usual("/eager");
    regions.eu().trafficMode(Mode.DELAY);
    HttpResponse<String> answer = get("/eager", "late");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(region(answer)).isNotEqualTo("eu");
    assertThat(regions.eu().seen("late")).isEqualTo(1);
    assertThat(regions.us().seen("late") + regions.asia().seen("late")).isEqualTo(1);
  }

  @Test
  void nothing_is_asked_twice_where_the_route_says_so() {
    usual("/calm");
    regions.eu().trafficMode(Mode.DELAY);
    assertThat(region(get("/calm", "late"))).isEqualTo("eu");
    assertThat(regions.requests()).isEqualTo(131);
  }

  @Test
  void what_may_change_something_is_not_asked_twice_at_once() {
    usual("/eager");
    regions.eu().trafficMode(Mode.DELAY);
    for (String method : new String[] {"POST", "PUT"}) {
      HttpResponse<String> answer =
          gateway.send(
              HttpRequest.newBuilder(gateway.uri("/eager"))
                  .header("X-Forwarded-For", ThreeRegions.BERLIN)
                  .header("X-Test-Id", "once")
                  .method(method, HttpRequest.BodyPublishers.ofString("once"))
                  .build());
      assertThat(region(answer)).isEqualTo("eu");
    }
    assertThat(regions.eu().seen("once")).isEqualTo(2);
    assertThat(regions.us().seen("once") + regions.asia().seen("once")).isZero();
  }

  @Test
  void a_region_that_others_answer_for_is_suspected_before_a_request_runs_out_of_time() {
    usual("/eager");
    regions.eu().mode(Mode.NEVER_ANSWER);
    for (int i = 0; i < 20; i++) {
      assertThat(get("/eager", "silent").statusCode()).isEqualTo(200);
    }
    assertThat(regions.eu().seen("silent")).isLessThan(20);
    // On a busy machine one that goes to us at once may be late there and hedged in its turn.
    assertThat(regions.us().seen("silent") + regions.asia().seen("silent")).isBetween(20L, 30L);
  }
}
