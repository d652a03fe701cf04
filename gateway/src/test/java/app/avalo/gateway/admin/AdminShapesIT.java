package app.avalo.gateway.admin;

import static app.avalo.gateway.admin.AdminClient.ADMIN;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Names, order and kinds of the members of every answer, against golden files: scripts of operators
 * depend on them.
 */
class AdminShapesIT {
  private static AdminFixture fixture;

  @BeforeAll
  static void start() {
    fixture = new AdminFixture();
    fixture.gateway.get("/ai");
    fixture.gateway.get("/chat", "x-api-key", AdminFixture.API_KEY, "x-forwarded-for", "192.0.2.1");
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "routing; GET; /admin/routing?service=ai&client=192.0.2.1;",
        "force; POST; /admin/regions/us/force; {'order':'out','reason':'r','expires':'1h'}",
        "region; GET; /admin/regions/us;",
        "release; DELETE; /admin/regions/us/force;",
        "force-drain; POST; /admin/regions/us/force; {'order':'drain','users':10,'pause':'5s','reason':'r'}",
        "release; DELETE; /admin/regions/us/force;",
        "pins; GET; /admin/pins?user=shop;",
        "pins-counts; GET; /admin/pins/counts;",
        "pins-move; POST; /admin/pins/move; {'user':'shop','group':'chat','region':'us','reason':'r'}",
        "pins-groups; GET; /admin/pins/groups;",
        "pins-cells; GET; /admin/pins/cells?group=chat&home=eu;",
        "pins-history; GET; /admin/pins/history?group=chat;",
        "pins-drain; POST; /admin/pins/drain; {'from':'us','to':'eu','reason':'r'}",
        "limits; GET; /admin/limits;",
        "bucket; GET; /admin/limits/few/buckets/u=shop;",
        "overrides; GET; /admin/limits/few/overrides;",
        "budgets; GET; /admin/budgets;",
        "purses; GET; /admin/budgets/ai-month/purses;",
        "paused; GET; /admin/budgets/ai-month/paused;",
        "problem; DELETE; /admin/budgets/ai-month/paused/shop?reason=r;",
        "correction; POST; /admin/budgets/ai-month/corrections; {'id':'c','of':'spent','by':'0.01 PLN','reason':'r'}",
        "correction; POST; /admin/budgets/ai-month/costs; {'id':'d','service':'ai','by':'0.01 PLN','reason':'r'}",
        "order; POST; /admin/budgets/ai-month/orders; {'order':'unthrottle','for':'1s','reason':'r'}",
        "reload; GET; /admin/reload;",
        "config; GET; /admin/config;",
        "explain; POST; /admin/explain; {'url':'/chat','client':'192.0.2.1'}",
        "connections; GET; /admin/connections;",
        "stores; GET; /admin/stores;",
        "whoami; GET; /admin/whoami;",
        "problem; GET; /admin/regions/eus;",
      })
  void answers_keep_their_shape(String name, String method, String path, String body)
      throws IOException {
    AdminClient.Answer answer =
        fixture.admin.call(method, ADMIN, path, body == null ? null : body.replace('\'', '"'));

    String shape = ((JsonObject) shape(answer.json())).encodePrettily() + "\n";

    assertThat(shape).isEqualTo(chosen(golden(name, shape), shape));
  }

  /**
   * The golden file, where it leaves {@code "null or text"} with the one of both that was answered:
   * a region that was doubted for a moment, because this process stood still, says since when not.
   */
  private static String chosen(String golden, String shape) {
    String[] lines = golden.split("\n", -1);
    String[] answered = shape.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      boolean isText = i < answered.length && answered[i].contains(": \"text\"");
      lines[i] = lines[i].replace("null or text", isText ? "text" : "null");
    }
    return String.join("\n", lines);
  }

  private static String golden(String name, String shape) throws IOException {
    try (InputStream in = AdminShapesIT.class.getResourceAsStream("shapes/" + name + ".json")) {
      return in == null
          ? "no golden file shapes/" + name + ".json; it would hold\n" + shape
          : new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** The kind of every leaf; of an array the shape of its first member. */
  private static Object shape(Object value) {
    if (value instanceof JsonObject object) {
      JsonObject shape = new JsonObject();
      for (Map.Entry<String, Object> member : object) {
        shape.put(member.getKey(), shape(member.getValue()));
      }
      return shape;
    }
    if (value instanceof JsonArray array) {
      return array.isEmpty() ? new JsonArray() : new JsonArray().add(shape(array.getValue(0)));
    }
    if (value instanceof Number) {
      return "number";
    }
    if (value instanceof Boolean) {
      return "boolean";
    }
    return value == null ? "null" : "text";
  }
}
