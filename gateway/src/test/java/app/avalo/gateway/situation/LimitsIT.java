package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.explain;
import static app.avalo.gateway.situation.Answers.header;
import static app.avalo.gateway.situation.Answers.problem;
import static app.avalo.gateway.situation.Answers.rule;
import static app.avalo.gateway.situation.Answers.steps;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The platform's tiers: each caller has a bucket of its own, and who empties it is told so. */
class LimitsIT {
  private static final String CLIENT = "198.51.100.9";

  private final ThreeRegions regions = new ThreeRegions();
  private final RunningGateway gateway =
      RunningGateway.start(
          ThreeRegions.PLACES
              + """
              identity:
                apiKeys:
                  - {name: ada, key: "${env:NONE:-key-of-ada-0123456}"}
                  - {name: eva, key: "${env:NONE:-key-of-eva-0123456}"}
                  - {name: vip, key: "${env:NONE:-key-of-vip-0123456}", tier: vip}
              limits:
                per-caller:
                  key: caller
                  rate: 100/h
                  burst: 200
                  tiers:
                    anonymous: {rate: 20/h}
                    vip: {rate: 100/h, burst: 300}
              services:
                feed: {limits: [per-caller], %s}
              routes:
                - {name: all, match: {path: {prefix: /}}, service: feed}
              """
                  .formatted(regions.everywhere()));

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  @Test
  void anonymous_callers_get_twenty_per_address_and_not_one_more() {
    assertThat(admitted(30, "X-Forwarded-For", CLIENT)).isEqualTo(20);
    assertThat(admitted(1, "X-Forwarded-For", "198.51.100.10")).isEqualTo(1);
    assertThat(regions.requests()).isEqualTo(21);
  }

  @Test
  void known_callers_get_their_burst_each_wherever_they_call_from() {
    assertThat(admitted(150, "X-Api-Key", "key-of-ada-0123456", "X-Forwarded-For", CLIENT))
        .isEqualTo(150);
    assertThat(admitted(60, "X-Api-Key", "key-of-ada-0123456", "X-Forwarded-For", "192.0.2.1"))
        .isEqualTo(50);
    assertThat(admitted(1, "X-Api-Key", "key-of-eva-0123456")).isEqualTo(1);
  }

  @Test
  void very_important_callers_have_a_bucket_of_their_own_size() {
    assertThat(admitted(310, "X-Api-Key", "key-of-vip-0123456")).isEqualTo(300);
  }

  @Test
  void a_refusal_names_the_policy_and_says_when_to_come_back() {
    admitted(20, "X-Forwarded-For", CLIENT);

    HttpResponse<String> refused = gateway.get("/", "X-Forwarded-For", CLIENT);

    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
    assertThat(problem(refused)).isEqualTo("limited");
    assertThat(rule(refused)).isEqualTo("per-caller");
    assertThat(Integer.parseInt(header(refused, "Retry-After"))).isBetween(170, 180);
    assertThat(header(refused, "RateLimit-Policy")).isEqualTo("\"per-caller\";q=20;w=3600");
    assertThat(header(refused, "RateLimit")).matches("\"per-caller\";r=0;t=3[56]\\d\\d");
    assertThat(header(refused, "X-Request-Id")).isNotEmpty();
  }

  @Test
  void answers_from_a_region_carry_the_state_of_the_bucket_too() {
    HttpResponse<String> first = gateway.get("/", "X-Forwarded-For", CLIENT);

    assertThat(first.statusCode()).isEqualTo(200);
    assertThat(header(first, "RateLimit")).startsWith("\"per-caller\";r=19;t=");
  }

  @Test
  void explaining_says_what_would_happen_and_takes_nothing() {
    admitted(19, "X-Forwarded-For", CLIENT);

    var allowed = steps(explain(gateway, "GET", "/", CLIENT), "limit").get(0);
    var still = steps(explain(gateway, "GET", "/", CLIENT), "limit").get(0);
    assertThat(admitted(2, "X-Forwarded-For", CLIENT)).isEqualTo(1);
    var explained = explain(gateway, "GET", "/", CLIENT);
    var refused = steps(explained, "limit").get(0);

    assertThat(allowed.verdict()).isEqualTo("allowed");
    assertThat(still.facts()).containsEntry("remaining", allowed.facts().get("remaining"));
    assertThat(refused.verdict()).isEqualTo("refused");
    assertThat(refused.facts()).containsEntry("policy", "per-caller");
    assertThat(explained.status()).isEqualTo(429);
  }

  private int admitted(int requests, String... headers) {
    int admitted = 0;
    for (int i = 0; i < requests; i++) {
      if (gateway.get("/", headers).statusCode() == 200) {
        admitted++;
      }
    }
    return admitted;
  }
}
