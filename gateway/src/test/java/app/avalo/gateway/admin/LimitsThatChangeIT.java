package app.avalo.gateway.admin;

import static app.avalo.gateway.admin.AdminClient.OPERATOR;
import static app.avalo.gateway.admin.AdminClient.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Limits that are not always, or not for everybody, the same: what clients and operators see. */
@TestInstance(Lifecycle.PER_CLASS)
class LimitsThatChangeIT {
  private static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.SECONDS);

  private final TestRegion eu = TestRegion.start("eu");
  private final TestRegion failing = TestRegion.start("failing");
  private final TestRegion late = TestRegion.start("late");
  private final RunningGateway gateway =
      RunningGateway.startExactly(
          AdminFixture.common()
              + """
              regions:
                eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
              placing:
                ranges:
                  - {block: 192.0.2.0/24, country: DE, latitude: 52.5, longitude: 13.4}
                  - {block: 198.51.100.0/24, country: US, latitude: 37.8, longitude: -122.4}
              services:
                feed: {regions: {eu: "http://127.0.0.1:%d"}}
                failing: {regions: {eu: "http://127.0.0.1:%d"}, retry: {attempts: 1}}
                late: {regions: {eu: "http://127.0.0.1:%d"}}
              limits:
                seasonal:
                  key: caller
                  rate: 100/h
                  schedule: [{start: "%s", end: "%s", percent: 50}]
                following: {key: route, rate: 1000000/s, follow: {errors: 5%%, least: 80%%}}
                awaiting: {key: route, rate: 1000000/s, follow: {latency: 20ms, least: 80%%}}
                shutting: {key: caller, rate: 30/h, burst: 3, timeOut: {after: 3, first: 10min}}
                national: {key: country, rate: 2/h}
              routes:
                - {name: seasonal, match: {path: {prefix: /seasonal}}, service: feed, limits: [seasonal]}
                - {name: following, match: {path: {prefix: /following}}, service: failing, limits: [following]}
                - {name: awaiting, match: {path: {prefix: /awaiting}}, service: late, limits: [awaiting]}
                - {name: shutting, match: {path: {prefix: /shutting}}, service: feed, limits: [shutting]}
                - {name: national, match: {path: {prefix: /national}}, service: feed, limits: [national]}
              """
                  .formatted(
                      eu.port(),
                      failing.port(),
                      late.port(),
                      NOW.minusSeconds(3600),
                      NOW.plusSeconds(3600)));
  private final AdminClient admin = new AdminClient(gateway);

  @AfterAll
  void stop() {
    gateway.close();
    eu.close();
    failing.close();
    late.close();
  }

  private JsonObject shown(String policy) {
    return admin.get(VIEWER, "/admin/limits").json().getJsonArray("policies").stream()
        .map(JsonObject.class::cast)
        .filter(each -> each.getString("name").equals(policy))
        .findAny()
        .orElseThrow();
  }

  private static String header(HttpResponse<String> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }

  @Test
  void during_a_season_a_part_of_the_rate_holds() {
    HttpResponse<String> answer = gateway.get("/seasonal");

    assertThat(header(answer, "RateLimit-Policy")).isEqualTo("\"seasonal\";q=50;w=3600");
    assertThat(header(answer, "RateLimit")).startsWith("\"seasonal\";r=49;");
    JsonObject shown = shown("seasonal");
    assertThat(shown.getInteger("percent")).isEqualTo(50);
    assertThat(shown.getJsonArray("schedule").getJsonObject(0).getInteger("percent")).isEqualTo(50);
    assertThat(shown.getJsonArray("schedule").getJsonObject(0).getString("end"))
        .startsWith(NOW.plusSeconds(3600).toString().substring(0, 16));
  }

  @Test
  void a_limit_follows_a_service_that_fails() {
    gateway.get("/following");
    assertThat(shown("following").getInteger("percent")).isEqualTo(100);
    assertThat(shown("following").getJsonObject("follow").getInteger("leastPercent")).isEqualTo(80);
    failing.trafficMode(Mode.ERROR_500);

    Awaiting.until(
        () -> {
          for (int i = 0; i < 20; i++) {
            gateway.get("/following");
          }
          return shown("following").getInteger("percent") == 80;
        });

    assertThat(header(gateway.get("/following"), "RateLimit-Policy"))
        .isEqualTo("\"following\";q=800000;w=1");
  }

  @Test
  void a_limit_follows_a_service_that_is_late() {
    late.delay(Duration.ofMillis(25));
    late.trafficMode(Mode.DELAY);

    Awaiting.until(
        () -> {
          for (int i = 0; i < 10; i++) {
            gateway.get("/awaiting");
          }
          return shown("awaiting").getInteger("percent") == 80;
        });
  }

  @Test
  void who_goes_on_after_refusals_is_shut_out_until_an_operator_forgives() {
    String[] from = {"x-forwarded-for", "203.0.113.9"};
    String bucket = "/admin/limits/shutting/buckets/a=203.0.113.9";
    for (int i = 0; i < 6; i++) {
      assertThat(gateway.get("/shutting", from).statusCode()).isEqualTo(i < 3 ? 200 : 429);
    }

    HttpResponse<String> shut = gateway.get("/shutting", from);

    JsonObject problem = new JsonObject(shut.body());
    assertThat(problem.getString("detail")).startsWith("Shut out for going on after refusals");
    assertThat(problem.getString("rule")).isEqualTo("shutting");
    assertThat(problem.getString("partition")).isEqualTo("caller");
    assertThat(problem.getInteger("retryAfter")).isBetween(590, 600);
    JsonObject shown = shown("shutting");
    assertThat(shown.getInteger("shutOut")).isEqualTo(1);
    assertThat(shown.getJsonObject("timeOut").getString("first")).isEqualTo("10min");
    assertThat(shutOutFor(admin.get(VIEWER, bucket).json())).isNotEqualTo("0s");

    JsonObject reset = admin.delete(OPERATOR, bucket + "?reason=sorry").json();

    assertThat(shutOutFor(reset)).isEqualTo("0s");
    assertThat(reset.getBoolean("told")).isTrue();
    assertThat(gateway.get("/shutting", from).statusCode()).isEqualTo(200);
  }

  private static String shutOutFor(JsonObject buckets) {
    return buckets.getJsonArray("buckets").getJsonObject(0).getString("shutOutFor");
  }

  @Test
  void a_country_has_a_bucket_that_its_callers_share() {
    String[][] callers = {{"192.0.2.1", "200"}, {"192.0.2.2", "200"}, {"192.0.2.3", "429"}};
    for (String[] caller : callers) {
      assertThat("" + gateway.get("/national", "x-forwarded-for", caller[0]).statusCode())
          .isEqualTo(caller[1]);
    }
    HttpResponse<String> refused = gateway.get("/national", "x-forwarded-for", "192.0.2.4");
    assertThat(new JsonObject(refused.body()).getString("partition")).isEqualTo("country");
    assertThat(gateway.get("/national", "x-forwarded-for", "198.51.100.1").statusCode())
        .as("of another")
        .isEqualTo(200);
    assertThat(
            admin
                .get(VIEWER, "/admin/limits/national/buckets/c=DE")
                .json()
                .getJsonArray("buckets")
                .getJsonObject(0)
                .getInteger("remaining"))
        .isZero();
  }
}
