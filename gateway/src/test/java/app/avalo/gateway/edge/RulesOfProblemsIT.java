package app.avalo.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.Wire;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever goes wrong behind a route, the problem says which route it was. */
class RulesOfProblemsIT {
  private final TestRegion eu = TestRegion.start("eu");
  private final RunningGateway gateway =
      RunningGateway.start(
          """
          regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
          services:
            feed: {timeouts: {connect: 200ms, attempt: 200ms, total: 400ms}, regions: {eu: "%s"}}
            gone: {regions: {eu: "http://127.0.0.1:1"}}
          routes:
            - {name: feed-of-all, match: {path: {prefix: /feed}}, service: feed}
            - {name: nobody-there, match: {path: {prefix: /gone}}, service: gone}
          """
              .formatted(RunningGateway.endpoint(eu.port())));

  @AfterEach
  void stop() {
    gateway.close();
    eu.close();
  }

  /** The kind of problem and the rule it names. */
  private String answer(String head) {
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(head.replace("|", "\r\n") + "Host: a\r\nConnection: close\r\n\r\n");
      String answer = wire.readAll();
      JsonObject problem = new JsonObject(answer.substring(answer.indexOf("\r\n\r\n")));
      return problem.getString("type").replace("urn:avalo:gateway:", "")
          + " "
          + problem.getString("rule");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "RESET_BEFORE_HEAD, upstream-reset",
    "GARBAGE, upstream-protocol",
    "NEVER_ANSWER, upstream-timeout"
  })
  void a_service_that_fails(Mode mode, String kind) {
    eu.trafficMode(mode);

    assertThat(answer("POST /feed HTTP/1.1|Content-Length: 0|")).isEqualTo(kind + " feed-of-all");
  }

  @Test
  void a_service_that_is_not_there() {
    assertThat(answer("GET /gone HTTP/1.1|")).isEqualTo("upstream-connect nobody-there");
  }

  @Test
  void no_region_in_service() {
    RunningGateway.await(
        gateway.gateway().health().force("eu", new Forced(true, "test", "test", null)));

    assertThat(answer("GET /feed HTTP/1.1|")).isEqualTo("no-region feed-of-all");
  }

  @Test
  void a_body_that_never_comes_and_an_expectation_that_nobody_has() {
    assertThat(answer("POST /feed HTTP/1.1|Content-Length: 5|"))
        .isEqualTo("request-timeout feed-of-all");
    assertThat(answer("POST /feed HTTP/1.1|Content-Length: 5|Expect: cake|"))
        .isEqualTo("expectation-failed feed-of-all");
  }

  @Test
  void a_request_that_no_route_takes() {
    assertThat(answer("GET /nothing HTTP/1.1|")).isEqualTo("not-found routes");
  }

  @Test
  void a_head_over_a_bound_of_the_listener() {
    assertThat(answer("GET /" + "a".repeat(9000) + " HTTP/1.1|"))
        .isEqualTo("uri-too-long plain.bounds.uriSize");
    assertThat(answer("GET / HTTP/1.1|X: " + "a".repeat(17000) + "|"))
        .isEqualTo("headers-too-large plain.bounds.headerSize");
  }
}
