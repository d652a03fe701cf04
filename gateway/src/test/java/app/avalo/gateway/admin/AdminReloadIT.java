package app.avalo.gateway.admin;

import static app.avalo.gateway.admin.AdminClient.OPERATOR;
import static app.avalo.gateway.admin.AdminClient.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.admin.AdminClient.Answer;
import app.avalo.gateway.testing.Awaiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operators change the configuration of a gateway that serves. */
class AdminReloadIT {
  private static final String TEAPOT =
      "  - {name: tea, match: {path: /tea}, respond: {status: 418, contentType: text/plain, body: t}}";

  private AdminFixture fixture;

  @BeforeEach
  void start() {
    fixture = new AdminFixture();
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  @Test
  void a_bad_file_changes_nothing_and_shows_where_it_is_wrong() {
    fixture.gateway.rewriteExactly(
        AdminFixture.common() + fixture.sections(TEAPOT.replace("match", "mach")));

    Answer reload = fixture.admin.post(OPERATOR, "/admin/reload?reason=tea", "{}");

    assertThat(reload.status()).isEqualTo(422);
    JsonObject last = reload.json().getJsonObject("lastReload");
    assertThat(last.getJsonArray("faults").toString())
        .contains("test.yaml:")
        .contains("did you mean match?");
    assertThat(fixture.gateway.get("/tea").statusCode()).isEqualTo(200);
    JsonObject shown =
        fixture.admin.get(VIEWER, "/admin/config").json().getJsonObject("lastReload");
    assertThat(shown).isEqualTo(last);
    assertThat(fixture.admin.get(VIEWER, "/metrics").text())
        .contains("gateway_config_last_reload_successful 0");
  }

  @Test
  void a_good_file_is_taken_over_while_requests_go_on_and_forced_regions_stay_forced()
      throws Exception {
    fixture.admin.post(
        OPERATOR, "/admin/regions/eu/force", "{\"order\":\"out\",\"reason\":\"works\"}");
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger sent = new AtomicInteger();
    ExecutorService clients = Executors.newFixedThreadPool(4);
    List<Future<List<String>>> running = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      running.add(clients.submit(() -> ask(over, sent)));
    }
    Awaiting.until(() -> sent.get() > 50);
    fixture.gateway.rewriteExactly(AdminFixture.common() + fixture.sections(TEAPOT));

    Answer reload = fixture.admin.post(OPERATOR, "/admin/reload", "");

    int at = sent.get();
    Awaiting.until(() -> sent.get() > at + 50);
    over.set(true);
    for (Future<List<String>> client : running) {
      assertThat(client.get()).isEmpty();
    }
    clients.shutdown();
    assertThat(reload.status()).as(reload.text()).isEqualTo(200);
    assertThat(fixture.gateway.get("/tea").statusCode()).isEqualTo(418);
    assertThat(
            fixture
                .admin
                .get(VIEWER, "/admin/regions/eu")
                .json()
                .getJsonObject("forced")
                .getString("reason"))
        .isEqualTo("works");
  }

  /** Sends requests that take a while; gives those that were not served by the region left. */
  private List<String> ask(AtomicBoolean over, AtomicInteger sent) {
    List<String> failed = new ArrayList<>();
    while (!over.get()) {
      var answer = fixture.gateway.get("/?delay=5", "x-forwarded-for", "192.0.2.1");
      String region = answer.headers().firstValue("x-region").orElse("nobody");
      if (answer.statusCode() != 200 || !region.equals("us")) {
        failed.add(answer.statusCode() + " by " + region);
      }
      sent.incrementAndGet();
    }
    return failed;
  }

  @Test
  void a_token_that_the_new_file_does_not_know_opens_nothing_any_more() {
    fixture.gateway.rewriteExactly(
        AdminFixture.common().replace(VIEWER, "another-token-0123456789") + fixture.sections(""));

    fixture.admin.post(OPERATOR, "/admin/reload", "");

    assertThat(fixture.admin.get(VIEWER, "/admin/regions").status()).isEqualTo(401);
    assertThat(fixture.admin.get("another-token-0123456789", "/admin/regions").status())
        .isEqualTo(200);
  }

  @Test
  void a_drain_moves_all_pins_of_a_region_and_tells_how_far_it_is() {
    fixture.gateway.get("/chat", "x-api-key", AdminFixture.API_KEY, "x-forwarded-for", "192.0.2.1");

    Answer started =
        fixture.admin.post(
            OPERATOR,
            "/admin/pins/drain",
            "{\"group\":\"chat\",\"from\":\"eu\",\"batch\":5000,\"reason\":\"works\"}");

    assertThat(started.status()).as(started.text()).isEqualTo(202);
    Awaiting.until(() -> eu().getInteger("cells") == 0);
    assertThat(eu().getString("by")).endsWith(": works");
    assertThat(fixture.admin.get(VIEWER, "/admin/pins/history?group=chat").text())
        .contains("works");
    Answer aborted =
        fixture.admin.post(
            OPERATOR, "/admin/pins/abort", "{\"from\":\"eu\",\"reason\":\"no works\"}");
    assertThat(aborted.status()).as(aborted.text()).isEqualTo(202);
    assertThat(eu().getString("phase")).isEqualTo("failback");
  }

  private JsonObject eu() {
    JsonArray regions =
        fixture
            .admin
            .get(VIEWER, "/admin/pins/groups")
            .json()
            .getJsonArray("groups")
            .getJsonObject(0)
            .getJsonArray("regions");
    for (int i = 0; i < regions.size(); i++) {
      if (regions.getJsonObject(i).getString("region").equals("eu")) {
        return regions.getJsonObject(i);
      }
    }
    throw new AssertionError(regions.encode());
  }
}
