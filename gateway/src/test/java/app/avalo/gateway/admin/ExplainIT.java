package app.avalo.gateway.admin;

import static app.avalo.gateway.admin.AdminClient.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Calm;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What explain foretells is what the same request then gets. */
class ExplainIT {
  private static final int ROUNDS = 300;
  private static final List<String> CLIENTS =
      List.of("192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2", "203.0.113.1");
  private static final List<String> PATHS =
      List.of(
          "/feed", "/chat", "/x/../chat", "/ai", "/rollout", "/limited", "/members", "/robots.txt");

  private static AdminFixture fixture;

  @BeforeAll
  static void start() {
    fixture =
        new AdminFixture(
            AdminFixture.common()
                .replace(
                    "listeners: [",
                    "listeners: [{name: keeps, address: \"127.0.0.1:0\", encodedSlash: keep}, "));
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private record Answered(JsonObject foretold, HttpResponse<String> lived) {}

  /** Runs while limits, a budget and pins change under it, and a region is forced out halfway. */
  @Test
  void explain_foretells_the_answer_of_the_live_request() {
    Calm calm = new Calm(fixture.gateway.gateway().health());
    long seed = 20_261_121;
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
      if (i == ROUNDS / 2) {
        fixture.admin.post(
            AdminClient.OPERATOR,
            "/admin/regions/eu/force",
            "{\"order\":\"out\",\"reason\":\"r\"}");
        Awaiting.until(() -> pinned("eu") == 0); // until then pinned requests wait
      }
      String client = CLIENTS.get(random.nextInt(CLIENTS.size()));
      String path = PATHS.get(random.nextInt(PATHS.size()));
      String method = random.nextInt(4) == 0 ? "POST" : "GET";
      int credential = random.nextInt(3);
      String key = credential == 0 ? AdminFixture.API_KEY : credential == 1 ? "forged" : null;

      Answered both =
          calm.observe(
              () ->
                  new Answered(
                      explain(method, path, client, key), live(method, path, client, key)));

      JsonObject foretold = both.foretold();
      HttpResponse<String> lived = both.lived();
      String situation = "seed %d round %d: %s %s".formatted(seed, i, method, foretold.encode());
      if (foretold.getString("outcome").equals("forwarded")) {
        assertThat(lived.statusCode()).as(situation).isEqualTo(200);
        assertThat(lived.headers().firstValue("x-region"))
            .as(situation)
            .contains(foretold.getString("region"));
      } else {
        refused++;
        boolean stuck = foretold.getString("outcome").equals("stuck");
        int status = stuck ? 503 : foretold.getInteger("status");
        String rule = stuck ? foretold.getString("route") : rule(foretold);
        assertThat(lived.statusCode()).as(situation).isEqualTo(status);
        assertThat(lived.headers().firstValue("x-region")).as(situation).isEmpty();
        assertThat(rule(lived)).as(situation).isEqualTo(rule);
      }
    }
    assertThat(refused).isBetween(ROUNDS / 10, ROUNDS * 9 / 10);
  }

  /** Cells that are in a region. */
  private static int pinned(String region) {
    JsonArray regions =
        fixture
            .admin
            .get(VIEWER, "/admin/pins/groups")
            .json()
            .getJsonArray("groups")
            .getJsonObject(0)
            .getJsonArray("regions");
    return regions.stream()
        .map(JsonObject.class::cast)
        .filter(each -> each.getString("region").equals(region))
        .mapToInt(each -> each.getInteger("cells"))
        .sum();
  }

  @Test
  void a_path_is_read_as_the_listener_that_is_asked_about_reads_it() {
    String asked = "/admin/explain?url=/a%252fb";
    AdminClient.Answer first = fixture.admin.get(VIEWER, asked);
    AdminClient.Answer plain = fixture.admin.get(VIEWER, asked + "&listener=plain");
    AdminClient.Answer none = fixture.admin.get(VIEWER, asked + "&listener=none");

    assertThat(first.json().getString("path")).isEqualTo("/a%2Fb");
    assertThat(plain.status()).isEqualTo(400);
    assertThat(none.text()).contains("listener: none (expected one of keeps, plain)");
  }

  @Test
  void explaining_takes_no_token_no_money_and_no_pin() {
    String before = state();

    for (int i = 0; i < 20; i++) {
      explain("GET", "/limited", "192.0.2.77", null);
      explain("GET", "/ai", "192.0.2.77", null);
      explain("GET", "/chat", "192.0.2.77", AdminFixture.API_KEY);
      explain("GET", "/feed", "192.0.2." + (100 + i), null);
    }

    assertThat(state()).isEqualTo(before);
  }

  private static String state() {
    JsonObject budget =
        fixture.admin.get(VIEWER, "/admin/budgets").json().getJsonArray("budgets").getJsonObject(0);
    StringBuilder users = new StringBuilder();
    fixture
        .admin
        .get(VIEWER, "/admin/regions")
        .json()
        .getJsonArray("regions")
        .forEach(region -> users.append(((JsonObject) region).getInteger("users")).append(' '));
    return users
        + fixture.admin.get(VIEWER, "/admin/limits/few/buckets/a=192.0.2.77").json().encode()
        + fixture.admin.get(VIEWER, "/admin/pins/counts").json().encode()
        + budget.getJsonObject("spent").encode()
        + budget.getJsonObject("reserved").encode()
        + budget.getJsonObject("counts").encode();
  }

  private static JsonObject explain(String method, String path, String client, String key) {
    JsonObject question =
        new JsonObject()
            .put("method", method)
            .put("url", fixture.gateway.uri(path).toString())
            .put("client", client);
    if (key != null) {
      question.put("apiKey", key);
    }
    AdminClient.Answer answer = fixture.admin.post(VIEWER, "/admin/explain", question.encode());
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static HttpResponse<String> live(String method, String path, String client, String key) {
    var request =
        java.net.http.HttpRequest.newBuilder(fixture.gateway.uri(path))
            .header("x-forwarded-for", client)
            .method(method, java.net.http.HttpRequest.BodyPublishers.noBody());
    if (key != null) {
      request.header("x-api-key", key);
    }
    return fixture.gateway.send(request.build());
  }

  private static String rule(HttpResponse<String> lived) {
    String type = lived.headers().firstValue("content-type").orElse("");
    return type.equals("application/problem+json")
        ? String.valueOf(new JsonObject(lived.body()).getString("rule"))
        : "null";
  }

  private static String rule(JsonObject foretold) {
    for (Object step : foretold.getJsonArray("steps")) {
      JsonObject each = (JsonObject) step;
      if (each.getString("subject").equals("answer")) {
        return String.valueOf(each.getJsonObject("facts").getString("rule"));
      }
    }
    return "null";
  }
}
