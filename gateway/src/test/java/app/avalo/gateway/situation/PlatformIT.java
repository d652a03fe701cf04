package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.header;
import static app.avalo.gateway.situation.Answers.servedBy;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The platform's own routes, services, limits and budgets, in front of three regions here. */
class PlatformIT {
  private static final String APP = "https://avalo.app";
  private static final String ATTESTED = "X-Firebase-AppCheck";
  private static final List<String> PARTS =
      List.of(
          "panic", "wallet", "chat", "calls", "events", "ai", "support", "feed", "profile", "likes",
          "media", "push", "admin");

  private final ThreeRegions regions = new ThreeRegions();
  private final RunningGateway gateway =
      RunningGateway.start(
          here(file("regions") + file("services"))
              + file("routes")
              + file("limits")
              + file("budgets")
              + """
              identity:
                issuers:
                  - issuer: https://id.avalo.app
                    algorithms: [RS256]
                    jwks: {url: "http://127.0.0.1:1/keys"}
              """);

  private static String file(String name) {
    try {
      return Files.readString(Path.of("../routing-config/avalo", name + ".yaml"));
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  /** The same with the addresses of the regions that run here. */
  private String here(String yaml) {
    return yaml.replaceAll("http://[a-z]+\\.eu\\..*", RunningGateway.endpoint(regions.eu().port()))
        .replaceAll("http://[a-z]+\\.us\\..*", RunningGateway.endpoint(regions.us().port()))
        .replaceAll("http://[a-z]+\\.asia\\..*", RunningGateway.endpoint(regions.asia().port()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  private HttpResponse<String> send(String method, String path, String... headers) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.uri(path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .headers(headers)
            .build());
  }

  @Test
  void every_part_of_the_api_answers_the_preflight_of_the_web_app() {
    for (String part : PARTS) {
      HttpResponse<String> answer =
          send("OPTIONS", "/v1/" + part, "Origin", APP, "Access-Control-Request-Method", "POST");

      assertThat(answer.statusCode()).as(part).isEqualTo(204);
      assertThat(header(answer, "Access-Control-Allow-Origin")).as(part).isEqualTo(APP);
      assertThat(header(answer, "Access-Control-Allow-Headers")).as(part).contains(ATTESTED);
    }
  }

  @Test
  void without_attestation_the_api_is_refused_and_with_it_unknown_parts_are_unknown() {
    assertThat(gateway.get("/v1/feed").statusCode()).isEqualTo(403);
    assertThat(gateway.get("/v1/feed", ATTESTED, "x").statusCode()).isEqualTo(200);
    assertThat(gateway.get("/v1/nonsense", ATTESTED, "x").statusCode()).isEqualTo(404);
  }

  @Test
  void the_panic_button_works_whatever_the_token() {
    List<String> tokens =
        List.of(
            "Bearer nonsense",
            "Basic bm9uc2Vuc2U=",
            // Well-formed; the keys of its issuer cannot be had.
            "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkLmF2YWxvLmFwcCIs"
                + "InN1YiI6ImEiLCJleHAiOjk5OTk5OTk5OTl9.c2ln");
    for (String token : tokens) {
      String[] asked = {"Authorization", token, ATTESTED, "x"};

      assertThat(send("POST", "/v1/wallet", asked).statusCode()).as(token).isIn(401, 503);
      assertThat(send("POST", "/v1/panic", asked).statusCode()).as(token).isEqualTo(200);
    }
  }

  @Test
  void the_panic_button_works_however_often_it_is_pressed() {
    for (int i = 0; i < 300; i++) {
      assertThat(send("POST", "/v1/panic", ATTESTED, "x").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void a_call_for_help_goes_elsewhere_when_its_region_drops_it() {
    regions.eu().trafficMode(Mode.RESET_BEFORE_HEAD);

    HttpResponse<String> answer = send("POST", "/v1/panic", ATTESTED, "x");

    assertThat(servedBy(answer)).isIn("us", "asia");
  }

  @Test
  void what_may_be_cached_is_the_good_answer_only() {
    for (String path : List.of("/images/a", "/videos/a", "/avatars/a", "/static/a")) {
      assertThat(header(gateway.get(path), "Cache-Control")).startsWith("public, max-age=");

      HttpResponse<String> missing = gateway.get(path + "?status=404");

      assertThat(missing.statusCode()).isEqualTo(404);
      assertThat(missing.headers().firstValue("Cache-Control")).isEmpty();
    }
  }

  @Test
  void nobody_caches_that_no_region_answered() {
    regions.all().forEach(region -> region.trafficMode(Mode.RESET_BEFORE_HEAD));

    HttpResponse<String> answer = gateway.get("/static/a");

    assertThat(answer.statusCode()).isBetween(502, 503);
    assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
  }

  @Test
  void nobody_caches_that_somebody_was_too_fast() {
    HttpResponse<String> answer = gateway.get("/images/a");
    for (int i = 0; i < 250 && answer.statusCode() == 200; i++) {
      answer = gateway.get("/images/a");
    }

    assertThat(answer.statusCode()).isEqualTo(429);
    assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
  }
}
