package app.avalo.gateway.admin;

import static app.avalo.gateway.admin.AdminClient.ADMIN;
import static app.avalo.gateway.admin.AdminClient.OPERATOR;
import static app.avalo.gateway.admin.AdminClient.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.admin.AdminClient.Answer;
import app.avalo.gateway.testing.Awaiting;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each call of the admin port as an operator uses it. */
class AdminIT {
  private static AdminFixture fixture;
  private static AdminClient admin;

  @BeforeAll
  static void start() {
    fixture = new AdminFixture();
    admin = fixture.admin;
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  @Test
  void a_gateway_that_serves_is_alive_and_ready() {
    assertThat(admin.call("GET", null, "/livez", null).text())
        .isEqualTo("{\"alive\":true,\"reasons\":[]}\n");
    assertThat(admin.call("GET", null, "/readyz", null).text())
        .isEqualTo("{\"ready\":true,\"reasons\":[]}\n");
  }

  @Test
  void a_gateway_that_stops_says_so_until_the_end() {
    try (AdminFixture own = new AdminFixture()) {
      own.gateway.gateway().stop(Duration.ofSeconds(1));

      Answer ready = own.admin.call("GET", null, "/readyz", null);

      assertThat(ready.status()).isEqualTo(503);
      assertThat(ready.text()).isEqualTo("{\"ready\":false,\"reasons\":[\"stopping\"]}\n");
      assertThat(own.admin.get(VIEWER, "/admin/regions").status()).isEqualTo(200);
    }
  }

  @Test
  void metrics_count_what_the_gateway_served() {
    fixture.gateway.get("/");

    Answer metrics = admin.call("GET", null, "/metrics", null);

    assertThat(metrics.header("content-type")).startsWith("text/plain; version=0.0.4");
    assertThat(metrics.text()).contains("gateway_requests_total{");
  }

  @Test
  void the_page_runs_nothing_but_its_own_style_and_script() {
    Answer page = admin.call("GET", null, "/", null);

    assertThat(page.header("content-type")).isEqualTo("text/html; charset=utf-8");
    assertThat(page.header("content-security-policy"))
        .startsWith("default-src 'none'; style-src 'sha256-")
        .contains("script-src 'sha256-")
        .contains("connect-src 'self'")
        .doesNotContain("unsafe");
    assertThat(page.text())
        .containsOnlyOnce("<script>")
        .containsOnlyOnce("<style>")
        .doesNotContain("innerHTML", "<script ", "<link rel=\"stylesheet", " style=", " onclick=");
  }

  @Test
  void routing_names_the_best_region_of_a_caller_and_its_alternates() {
    JsonObject routing =
        admin.get(VIEWER, "/admin/routing?client=198.51.100.7&service=feed").json();

    assertThat(routing.getJsonObject("best").getString("region")).isEqualTo("us");
    assertThat(routing.getJsonArray("alternates").getJsonObject(0).getString("region"))
        .isEqualTo("eu");
    assertThat(routing.getJsonObject("place").getString("country")).isEqualTo("US");
  }

  @Test
  void routing_knows_callers_by_country_alone() {
    JsonObject routing = admin.get(VIEWER, "/admin/routing?country=pl&service=feed").json();

    assertThat(routing.getJsonObject("best").getString("region")).isEqualTo("eu");
    assertThat(routing.getJsonObject("place").getString("source")).isEqualTo("header");
  }

  @Test
  void routing_says_where_a_service_is_absent() {
    JsonObject routing = admin.get(VIEWER, "/admin/routing?client=198.51.100.7&service=ai").json();

    assertThat(routing.getJsonObject("best").getString("region")).isEqualTo("eu");
    assertThat(routing.getJsonArray("excluded").getJsonObject(0).getString("reason"))
        .isEqualTo("absent");
  }

  @Test
  void a_region_forced_out_loses_its_traffic_until_it_is_released() {
    String home = "192.0.2.1";
    assertThat(servedBy(home)).isEqualTo("eu");

    Answer forced =
        admin.post(
            OPERATOR,
            "/admin/regions/eu/force",
            "{\"order\":\"out\",\"reason\":\"power works\",\"expires\":\"15min\"}");

    JsonObject region = forced.json().getJsonObject("region");
    assertThat(forced.status()).as(forced.text()).isEqualTo(200);
    assertThat(region.getString("standing")).isEqualTo("out");
    assertThat(region.getString("observed")).isEqualTo("in-service");
    assertThat(region.getJsonObject("forced").getString("by")).isEqualTo("olaf");
    assertThat(forced.json().getJsonArray("warnings"))
        .containsExactly("no region of ai is in service");
    assertThat(servedBy(home)).isEqualTo("us");
    Answer released = admin.delete(OPERATOR, "/admin/regions/eu/force?reason=done");
    assertThat(released.json().getJsonObject("region").getString("standing"))
        .isEqualTo("in-service");
    assertThat(servedBy(home)).isEqualTo("eu");
  }

  @Test
  void regions_show_what_is_observed_beside_what_is_ordered() {
    JsonObject regions = admin.get(VIEWER, "/admin/regions").json();

    JsonObject eu = regions.getJsonArray("regions").getJsonObject(0);
    assertThat(eu.getString("name")).isEqualTo("eu");
    assertThat(eu.getJsonArray("services")).containsExactly("feed", "chat", "ai");
    assertThat(admin.get(VIEWER, "/admin/regions/us").json().getString("place"))
        .isEqualTo("San Francisco");
  }

  @Test
  void a_bucket_is_looked_into_and_filled_up_again() {
    for (int i = 0; i < 3; i++) {
      fixture.gateway.get("/limited", "x-forwarded-for", "203.0.113.9");
    }
    assertThat(fixture.gateway.get("/limited", "x-forwarded-for", "203.0.113.9").statusCode())
        .isEqualTo(429);
    String bucket = "/admin/limits/few/buckets/a=203.0.113.9";
    assertThat(remaining(admin.get(VIEWER, bucket))).isZero();

    Answer reset = admin.delete(OPERATOR, bucket + "?reason=goodwill");

    assertThat(remaining(reset)).isEqualTo(3);
    assertThat(fixture.gateway.get("/limited", "x-forwarded-for", "203.0.113.9").statusCode())
        .isEqualTo(200);
    JsonObject few =
        admin.get(VIEWER, "/admin/limits").json().getJsonArray("policies").getJsonObject(0);
    assertThat(few.getLong("refused")).isPositive();
  }

  @Test
  void one_caller_gets_other_rates_for_a_while_and_its_bucket_stays_as_full() {
    String[] shop = {"x-api-key", AdminFixture.API_KEY};
    fixture.gateway.get("/limited", shop);
    String one = "/admin/limits/few/overrides/k=shop";
    String order = "{\"rates\":\"300/h\",\"reason\":\"sale\",\"expires\":\"1h\"}";

    Answer put = admin.call("PUT", OPERATOR, one, order);

    assertThat(put.status()).as(put.text()).isEqualTo(200);
    JsonObject kept = put.json().getJsonArray("overrides").getJsonObject(0);
    assertThat(kept.getString("by")).isEqualTo("olaf");
    assertThat(kept.getString("reason")).isEqualTo("sale");
    var answer = fixture.gateway.get("/limited", shop);
    assertThat(answer.headers().firstValue("ratelimit").orElse("")).contains(";r=199;");
    assertThat(admin.call("PUT", VIEWER, one, order).status()).isEqualTo(403);
    assertThat(admin.call("PUT", OPERATOR, one, "{\"rates\":\"300\",\"reason\":\"r\"}").status())
        .isEqualTo(400);

    String bursting = "{\"rates\":\"300/h\",\"burst\":900,\"reason\":\"sale\"}";
    JsonObject burst = admin.call("PUT", OPERATOR, one, bursting).json();
    assertThat(burst.getJsonArray("overrides").getJsonObject(0).getJsonArray("rates").encode())
        .isEqualTo("[{\"rate\":\"300/h\",\"burst\":900}]");
    assertThat(admin.call("PUT", OPERATOR, one, bursting.replace("/h", "/h, 9/s")).status())
        .isEqualTo(400);
    admin.call("PUT", OPERATOR, one, order);

    Answer ended = admin.delete(OPERATOR, one + "?reason=over");

    assertThat(ended.json().getJsonArray("overrides")).isEmpty();
    assertThat(fixture.gateway.get("/limited", shop).headers().firstValue("ratelimit").orElse(""))
        .as("199 of 300 are 1.99 of 3, and this one took one")
        .contains(";r=0;");
  }

  @Test
  void a_bucket_that_callers_share_keeps_its_rates() {
    Answer refused =
        admin.call(
            "PUT",
            OPERATOR,
            "/admin/limits/shared/overrides/u=alice",
            "{\"rates\":\"300/h\",\"reason\":\"sale\"}");

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().getString("detail"))
        .isEqualTo(
            "subject: u=alice (expected one with a bucket of its own; those of shared are per route)");
  }

  private static int remaining(Answer answer) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json().getJsonArray("buckets").getJsonObject(0).getInteger("remaining");
  }

  @Test
  void a_correction_of_a_budget_counts_once() {
    String path = "/admin/budgets/ai-month/corrections";
    String body =
        "{\"id\":\"inv-7\",\"of\":\"amount\",\"by\":\"+12.50 PLN\",\"reason\":\"invoice 7\"}";

    Answer first = admin.post(ADMIN, path, body);
    Answer second = admin.post(ADMIN, path, body);

    assertThat(first.status()).as(first.text()).isEqualTo(201);
    assertThat(second.status()).isEqualTo(200);
    JsonObject budget =
        admin.get(VIEWER, "/admin/budgets").json().getJsonArray("budgets").getJsonObject(0);
    assertThat(budget.getJsonObject("amount").getString("text")).isEqualTo("13.5 PLN");
  }

  @Test
  void a_purse_is_corrected_before_its_owner_came_and_takes_nothing_else() {
    String body =
        "{\"id\":\"gift\",\"of\":\"spent\",\"by\":\"0.40 PLN\",\"reason\":\"moved over\"}";
    String cost = "{\"id\":\"c\",\"service\":\"ai\",\"by\":\"1 PLN\",\"reason\":\"bill\"}";

    Answer corrected = admin.post(ADMIN, "/admin/budgets/each@alice/corrections", body);

    assertThat(corrected.status()).as(corrected.text()).isEqualTo(201);
    JsonObject purse =
        admin
            .get(VIEWER, "/admin/budgets/each/purses")
            .json()
            .getJsonArray("purses")
            .getJsonObject(0);
    assertThat(purse.getString("value")).isEqualTo("alice");
    assertThat(purse.getJsonObject("spent").getString("text")).isEqualTo("0.4 PLN");
    assertThat(admin.post(ADMIN, "/admin/budgets/each/costs", cost).detail())
        .isEqualTo("each has its own: only corrections, of each@VALUE");
  }

  @Test
  void a_pin_is_found_counted_and_moved() {
    String key = AdminFixture.API_KEY;
    fixture.gateway.get("/chat", "x-api-key", key, "x-forwarded-for", "192.0.2.1");
    JsonObject pins = admin.get(VIEWER, "/admin/pins?apiKey=shop").json();
    if (pins.getJsonArray("pins").isEmpty()) {
      pins = admin.get(VIEWER, "/admin/pins?user=shop").json();
    }
    assertThat(pins.getJsonArray("pins").getJsonObject(0).getString("region")).isEqualTo("eu");
    String kind = pins.getString("of").startsWith("user") ? "user" : "apiKey";

    Answer moved =
        admin.post(
            OPERATOR,
            "/admin/pins/move",
            "{\"%s\":\"shop\",\"group\":\"chat\",\"region\":\"us\",\"reason\":\"asked\"}"
                .formatted(kind));

    assertThat(moved.json().getBoolean("moved")).as(moved.text()).isTrue();
    Awaiting.until(
        () ->
            fixture
                .gateway
                .get("/chat", "x-api-key", key, "x-forwarded-for", "192.0.2.1")
                .headers()
                .firstValue("x-region")
                .equals(Optional.of("us")));
    assertThat(admin.get(VIEWER, "/admin/pins/counts").json().getJsonObject("groups").toString())
        .contains("\"us\":1");
  }

  @Test
  void explain_says_what_would_happen_and_does_nothing() {
    long before = fixture.us.requests();

    JsonObject explained =
        admin
            .post(
                VIEWER,
                "/admin/explain",
                "{\"url\":\"http://api.test/feed/1\",\"client\":\"198.51.100.7\"}")
            .json();

    assertThat(explained.getString("outcome")).isEqualTo("forwarded");
    assertThat(explained.getString("route")).isEqualTo("all");
    assertThat(explained.getString("region")).isEqualTo("us");
    assertThat(fixture.us.requests()).isEqualTo(before);
  }

  @Test
  void the_configuration_shows_no_secret() {
    Answer config = admin.get(VIEWER, "/admin/config");

    assertThat(config.status()).as(config.text()).isEqualTo(200);
    assertThat(config.json().getJsonObject("configuration").getJsonObject("admin").toString())
        .contains("***")
        .doesNotContain("token-0123456789");
  }

  @Test
  void connections_show_pools_and_loops() {
    fixture.gateway.get("/");

    JsonObject connections = admin.get(VIEWER, "/admin/connections").json();

    assertThat(connections.getJsonArray("loops")).hasSize(2);
    assertThat(connections.getJsonArray("pools").toString())
        .contains("http://127.0.0.1:" + fixture.eu.port());
    assertThat(admin.get(VIEWER, "/admin/stores").json().containsKey("geo")).isTrue();
  }

  private static String servedBy(String client) {
    return fixture
        .gateway
        .get("/", "x-forwarded-for", client)
        .headers()
        .firstValue("x-region")
        .orElse("nobody");
  }
}
