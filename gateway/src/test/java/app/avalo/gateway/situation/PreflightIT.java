package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.header;
import static app.avalo.gateway.situation.Answers.servedBy;
import static app.avalo.gateway.situation.Answers.steps;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A browser asks first: without the headers, the method and the credentials of what it will send.
 */
class PreflightIT {
  private static final String ORIGIN = "https://avalo.app";

  private final TestRegion eu = TestRegion.start("eu");
  private final RunningGateway gateway =
      RunningGateway.start(
          """
          regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
          services: {feed: {regions: {eu: "%s"}}}
          routes:
            - name: attested
              match: {path: {prefix: /v1}, headers: {X-Attested: "yes"}}
              service: feed
              cors: {origins: [https://avalo.app], methods: [PUT], headers: [X-Attested]}
            - {name: not-attested, match: {path: {prefix: /v1}}, respond: {status: 403}}
            - name: without-policy
              match: {path: /partner, headers: {X-Partner: true}}
              service: feed
            - {name: not-partner, match: {path: /partner}, respond: {status: 403}}
            - {name: own-policy, match: {path: /own, method: PUT}, service: feed}
          """
              .formatted(RunningGateway.endpoint(eu.port())));

  @AfterEach
  void stop() {
    gateway.close();
    eu.close();
  }

  private HttpResponse<String> preflight(String path, String method) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.uri(path))
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
            .headers("Origin", ORIGIN, "Access-Control-Request-Method", method)
            .build());
  }

  @Test
  void a_route_with_header_conditions_answers_although_a_preflight_carries_none_of_them() {
    HttpResponse<String> answer = preflight("/v1/wallet", "PUT");

    assertThat(answer.statusCode()).isEqualTo(204);
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEqualTo(ORIGIN);
    assertThat(header(answer, "Access-Control-Allow-Headers")).isEqualTo("X-Attested");
    assertThat(eu.requests()).isZero();
  }

  @Test
  void the_request_itself_still_needs_the_headers() {
    assertThat(gateway.get("/v1/wallet", "X-Attested", "yes").statusCode()).isEqualTo(200);
    assertThat(gateway.get("/v1/wallet").statusCode()).isEqualTo(403);
    assertThat(gateway.get("/v1/wallet", "X-Attested", "no").statusCode()).isEqualTo(403);
  }

  @Test
  void without_a_policy_a_preflight_is_an_options_like_any_other() {
    assertThat(preflight("/partner", "PUT").statusCode()).isEqualTo(403);
    assertThat(eu.requests()).isZero();
  }

  @Test
  void a_service_with_its_own_policy_gets_the_preflight_of_the_method_it_serves() {
    assertThat(servedBy(preflight("/own", "PUT"))).isEqualTo("eu");
    assertThat(preflight("/own", "DELETE").statusCode()).isEqualTo(405);
  }

  @Test
  void explain_finds_the_same_route() {
    Exchange explained =
        Answers.explain(
            gateway,
            "OPTIONS",
            "/v1/wallet",
            "192.0.2.7",
            "Origin",
            ORIGIN,
            "Access-Control-Request-Method",
            "PUT");

    assertThat(steps(explained, "route"))
        .singleElement()
        .extracting("verdict")
        .isEqualTo("attested");
  }
}
