package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers that break off, before their head or after it, and who may ask again. */
class BrokenAnswersIT {
  private final ThreeRegions regions = new ThreeRegions();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + """
                services:
                  feed: {%s}
                routes:
                  - {name: plain, match: {path: {prefix: /plain}}, service: feed}
                  - {name: at-once, match: {path: {prefix: /at-once}}, service: feed, retry: {hold: false}}
                  - {name: keyed, match: {path: {prefix: /keyed}}, service: feed, retry: {idempotencyKeys: true}}
                """
                    .formatted(regions.everywhere()));
    Awaiting.until(gateway.gateway()::isReady);
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  private HttpResponse<String> send(String method, String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.uri(path))
            .header("X-Forwarded-For", ThreeRegions.BERLIN)
            .header("X-Test-Id", path)
            .method(method, HttpRequest.BodyPublishers.ofString("small"));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return gateway.send(request.build());
  }

  private long seen(String id) {
    return regions.all().stream().mapToLong(region -> region.seen(id)).sum();
  }

  @Test
  void an_answer_that_breaks_off_at_once_is_replaced_unseen() {
    regions.eu().trafficMode(Mode.RESET_MID_BODY);
    HttpResponse<String> answer = send("PUT", "/plain");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("X-Region").orElseThrow()).isNotEqualTo("eu");
    assertThat(answer.body()).contains("\"bodyBytes\":5");
    assertThat(seen("/plain")).isEqualTo(2);
  }

  @Test
  void it_is_cut_off_where_the_route_lets_answers_go_at_once() {
    regions.eu().trafficMode(Mode.RESET_MID_BODY);
    assertThatThrownBy(() -> send("PUT", "/at-once"));
    assertThat(seen("/at-once")).isEqualTo(1);
  }

  @Test
  void it_is_cut_off_when_the_request_may_not_be_sent_twice() {
    regions.eu().trafficMode(Mode.RESET_MID_BODY);
    assertThatThrownBy(() -> send("POST", "/plain"));
    assertThat(seen("/plain")).isEqualTo(1);
  }

  @Test
  void the_last_attempt_is_passed_on_and_cut_off() {
    regions.all().forEach(region -> region.trafficMode(Mode.RESET_MID_BODY));
    assertThatThrownBy(() -> send("PUT", "/plain"));
    assertThat(seen("/plain")).isEqualTo(3);
  }

  @Test
  void a_post_with_an_idempotency_key_is_sent_again_where_its_route_allows_it() {
    regions.eu().trafficMode(Mode.RESET_BEFORE_HEAD);
    assertThat(send("POST", "/keyed", "Idempotency-Key", "\"7\"").statusCode()).isEqualTo(200);
    assertThat(seen("/keyed")).isEqualTo(2);
  }

  @Test
  void without_the_key_it_is_not() {
    regions.eu().trafficMode(Mode.RESET_BEFORE_HEAD);
    assertThat(send("POST", "/keyed").statusCode()).isEqualTo(502);
    assertThat(seen("/keyed")).isEqualTo(1);
  }

  @Test
  void nor_where_its_route_does_not_allow_it() {
    regions.eu().trafficMode(Mode.RESET_BEFORE_HEAD);
    assertThat(send("POST", "/plain", "Idempotency-Key", "\"7\"").statusCode()).isEqualTo(502);
    assertThat(seen("/plain")).isEqualTo(1);
  }
}
