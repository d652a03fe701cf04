package app.avalo.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.admin.AuditTrail;
import app.avalo.gateway.filter.budget.BudgetDesk;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Accounting and operators change money by the admin port and the command line. */
class MoneyDeskIT {
  private static final String ADMIN = "admin-token-secret-0123456789abcdef";
  private static final String OPERATOR = "operator-token-secret-0123456789abc";

  @TempDir private Path directory;
  private final ThreeRegions regions = new ThreeRegions();
  private final HttpClient client = HttpClient.newHttpClient();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners: [{name: plain, address: "127.0.0.1:0"}]
            admin:
              address: "127.0.0.1:0"
              credentials:
                - {name: anna, token: "${env:NOT_SET:-%3$s}", role: admin}
                - {name: olaf, token: "${env:NOT_SET:-%4$s}", role: operator}
            accessLog: {to: "off"}
            state: {directory: "%2$s"}
            budgets:
              month: {amount: 10 PLN, services: [ai], cost: {perRequest: 0.01 PLN}}
            units:
              chat: {routes: [ai]}
              user: {}
              guest: {budgets: [month]}
            """
                    .formatted("", directory, ADMIN, OPERATOR)
                + ThreeRegions.PLACES
                + """
                services:
                  ai: {%s}
                routes:
                  - {name: ai, match: {path: {prefix: /ai}}, service: ai}
                """
                    .formatted(regions.everywhere()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  private String admin() {
    return "http://127.0.0.1:" + gateway.adminPort();
  }

  private HttpResponse<String> call(String token, String path, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(admin() + path))
            .header("authorization", "Bearer " + token);
    if (!body.isEmpty()) {
      request.header("content-type", "application/json");
      request.POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')));
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  @Test
  void a_budget_is_frozen_and_lifted_by_an_admin_alone() {
    String path = "/admin/budgets/month/orders";
    String freeze = "{'order':'freeze','for':'1h','reason':'odd bill'}";
    assertThat(call(OPERATOR, path, freeze).statusCode()).isEqualTo(403);
    assertThat(gateway.get("/ai").statusCode()).isEqualTo(200);

    try (AuditTrail audit = new AuditTrail()) {
      assertThat(call(ADMIN, path, freeze).statusCode()).isEqualTo(200);
      assertThat(audit.lines().get(0))
          .containsEntry("who", "anna")
          .containsEntry("action", "order-budget")
          .containsEntry("target", "month")
          .hasEntrySatisfying(
              "change",
              change ->
                  assertThat(change)
                      .matches("freeze until=" + Instant.now().toString().substring(0, 8) + ".*Z"))
          .containsEntry("reason", "odd bill")
          .containsEntry("outcome", "done");
    }
    JsonObject long31 = new JsonObject(call(ADMIN, path, freeze.replace("1h", "31d")).body());
    assertThat(Instant.parse(long31.getString("until")))
        .as("beyond the month")
        .isAfter(Instant.now().plus(Duration.ofDays(31)).minusSeconds(60));

    HttpResponse<String> refused = gateway.get("/ai");
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.body()).contains("frozen by an operator until");
    assertThat(call(ADMIN, path, "{'order':'lift','reason':'fine'}").statusCode()).isEqualTo(200);
    assertThat(gateway.get("/ai").statusCode()).isEqualTo(200);
    assertThat(call(ADMIN, path, "{'order':'freeze','reason':'r'}").statusCode()).isEqualTo(400);
  }

  @Test
  void the_credential_may_come_from_the_environment_where_no_list_of_processes_shows_it()
      throws Exception {
    ProcessBuilder report =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-jar",
            "target/avalo-gateway.jar",
            "report",
            "--admin",
            admin());
    report.redirectErrorStream(true);

    Process nobody = report.start();
    assertThat(nobody.inputReader().lines().toList()).anyMatch(line -> line.contains("401"));
    report.environment().put("AVALO_ADMIN_TOKEN", ADMIN);
    Process known = report.start();
    assertThat(known.inputReader().lines().toList()).first().asString().contains("budget");
    assertThat(known.onExit().join().exitValue()).isZero();
  }

  @Test
  void imported_costs_count_once_however_often_the_file_is_imported() throws Exception {
    Path file = directory.resolve("costs.csv");
    Files.writeString(file, "inv/1,ai,1.25 PLN,GPU hours\n\ninv/2,ai,0.75 PLN,\"a, b\"\n");
    String[] command = {"costs", "--admin", admin(), "--token", ADMIN, "month", file.toString()};

    for (int i = 0; i < 2; i++) {
      assertThat(AvaloGateway.commandLine().execute(command)).isZero();
    }

    JsonObject budget =
        new JsonObject(call(ADMIN, "/admin/budgets", "").body())
            .getJsonArray("budgets")
            .getJsonObject(0);
    assertThat(budget.getJsonObject("spent").getString("text")).isEqualTo("2 PLN");
    assertThat(budget.getJsonObject("byService").getJsonObject("ai").getString("text"))
        .isEqualTo("2 PLN");
    String[] late = {
      "costs", "--admin", admin(), "--token", ADMIN, "--period", "2001-01", "month", file.toString()
    };
    Files.writeString(file, "inv/3,ai,1 PLN,of a month that nobody knows\n");
    assertThat(AvaloGateway.commandLine().execute(late)).isNotZero();
    late[6] = Instant.now().atOffset(ZoneOffset.UTC).toString().substring(0, 7);
    assertThat(AvaloGateway.commandLine().execute(late)).isZero();
    Files.writeString(file, "inv/4,nobody,1 PLN,typo\n");
    assertThat(AvaloGateway.commandLine().execute(command)).isNotZero();
  }

  @Test
  void a_mark_that_an_editor_puts_before_a_file_makes_no_second_invoice_of_one() throws Exception {
    Path file = directory.resolve("costs.csv");
    String[] command = {"costs", "--admin", admin(), "--token", ADMIN, "month", file.toString()};
    for (String mark : List.of("", "\uFEFF")) {
      Files.writeString(file, mark + "inv/1,ai,1.25 PLN,GPU hours\n");
      assertThat(AvaloGateway.commandLine().execute(command)).isZero();
    }

    assertThat(call(ADMIN, "/admin/budgets", "").body()).contains("1.25 PLN").doesNotContain("2.5");
    String cost = "{'id':'%s','service':'ai','by':'%s','reason':'r'}";
    for (String unseen : List.of("\uFEFFinv/1", "inv/\u200B1", "inv\\u00071", "inv\u2028/1")) {
      HttpResponse<String> answer =
          call(ADMIN, "/admin/budgets/month/costs", cost.formatted(unseen, "1 PLN"));
      assertThat(answer.statusCode()).as(unseen).isEqualTo(400);
    }
  }

  @Test
  void the_audit_says_what_was_changed() {
    String because = ",'reason':'invoice 7'}";
    Map<String, String> changes = new LinkedHashMap<>();
    changes.put(
        "/admin/budgets/month/corrections {'id':'c 1','of':'amount','by':'12.50 PLN'",
        "by=12.50 PLN of=amount id=c 1");
    changes.put(
        "/admin/budgets/month/corrections {'id':'c2','of':'spent','by':'-0.5 PLN'", "refused");
    changes.put(
        "/admin/budgets/month/costs {'id':'i1','service':'ai','by':'1.25 PLN'",
        "by=1.25 PLN service=ai id=i1");
    changes.put(
        "/admin/units/guest/counts {'id':'u1','service':'ai','by':'20'", "by=20 service=ai id=u1");
    changes.put("/admin/budgets/month/orders {'order':'lift'", "lift");
    for (Map.Entry<String, String> each : changes.entrySet()) {
      String[] sent = each.getKey().split(" ", 2);
      try (AuditTrail audit = new AuditTrail()) {
        HttpResponse<String> answer = call(ADMIN, sent[0], sent[1] + because);
        String change = audit.lines().get(0).get("change");
        if (each.getValue().equals("refused")) {
          assertThat(answer.statusCode()).isEqualTo(422);
          assertThat(change).isEqualTo("by=-0.5 PLN of=spent id=c2");
        } else {
          assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 201);
          assertThat(change).isEqualTo(each.getValue());
        }
      }
    }
  }

  @Test
  void no_sum_is_so_large_that_redis_would_round_it() {
    String spent = "{'id':'%s','of':'spent','by':'%s','reason':'r'}";
    String path = "/admin/budgets/month/corrections";
    String most = "4000000000 PLN";
    assertThat(call(ADMIN, path, spent.formatted("1", "4000000000.000001 PLN")).statusCode())
        .isEqualTo(400);
    assertThat(call(ADMIN, path, spent.formatted("1", most)).statusCode()).isEqualTo(201);
    assertThat(call(ADMIN, path, spent.formatted("2", most)).statusCode()).isEqualTo(201);
    assertThat(call(ADMIN, path, spent.formatted("3", most)).statusCode()).isEqualTo(422);
    String count = "{'id':'1','by':'4000000001','reason':'r'}";
    assertThat(call(ADMIN, "/admin/units/user/counts", count).statusCode()).isEqualTo(400);
  }

  @Test
  void a_change_that_the_disk_does_not_take_is_a_problem_until_it_does() throws Exception {
    Path next = directory.resolve("budgets/budget-ledger.0000000002.draft");
    Files.createSymbolicLink(next, Path.of("/dev/full"));
    BudgetDesk desk = gateway.gateway().shared().ledger().desk();
    for (int i = 0; i < 2_400; i++) { // more than a file of the ledger takes
      desk.order("month", new BudgetDesk.Order(false, 0, "anna", "n".repeat(4_000)));
    }
    String path = "/admin/budgets/month/costs";
    String cost = "{'id':'inv/1','service':'ai','by':'1.25 PLN','reason':'GPU hours'}";

    try (AuditTrail audit = new AuditTrail()) {
      HttpResponse<String> told = call(ADMIN, path, cost);
      assertThat(told.statusCode()).as(told.body()).isEqualTo(503);
      assertThat(new JsonObject(told.body()).getString("detail"))
          .startsWith("It holds, but is not on disk")
          .contains("No space left on device");
      assertThat(audit.lines().get(0).get("outcome")).startsWith("It holds, but is not on disk");
    }
    String freeze = "{'order':'freeze','for':'1h','reason':'odd bill'}";
    assertThat(call(ADMIN, "/admin/budgets/month/orders", freeze).statusCode()).isEqualTo(503);

    Files.delete(next);
    assertThat(call(ADMIN, path, cost).statusCode()).as("known").isEqualTo(200);
    assertThat(call(ADMIN, "/admin/budgets/month/orders", freeze).statusCode()).isEqualTo(200);
  }

  @Test
  void the_month_is_reported_with_what_each_unit_cost() {
    for (int i = 0; i < 4; i++) {
      gateway.get("/ai");
    }
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    String counts = "{'id':'u-1','by':'2','reason':'from the user service'}";
    assertThat(call(ADMIN, "/admin/units/user/counts", counts).statusCode()).isEqualTo(201);
    assertThat(call(ADMIN, "/admin/units/user/counts", counts).statusCode()).isEqualTo(200);
    String more = "{'id':'u-2','by':'1','service':'ai','reason':'from the user service'}";
    assertThat(call(ADMIN, "/admin/units/guest/counts", more).statusCode()).isEqualTo(201);
    String typo = more.replace("'ai'", "'ay'");
    assertThat(call(ADMIN, "/admin/units/guest/counts", typo).statusCode()).isEqualTo(404);

    JsonObject report = new JsonObject(call(ADMIN, "/admin/budgets/report", "").body());

    JsonObject budget = report.getJsonArray("budgets").getJsonObject(0);
    assertThat(budget.getString("spent")).isEqualTo("0.04 PLN");
    assertThat(budget.getJsonObject("byTier").getString("anonymous")).isEqualTo("0.04");
    assertThat(budget.getJsonObject("byRegion").size()).isEqualTo(1);
    JsonObject chat = report.getJsonArray("units").getJsonObject(0);
    assertThat(chat.getString("count")).isEqualTo("4");
    assertThat(chat.getJsonObject("spentPerUnit").getString("PLN")).isEqualTo("0.01");
    String each = "{\"count\":\"4\",\"spentPerUnit\":{\"PLN\":\"0.01\"}}";
    assertThat(chat.getJsonObject("byService").getJsonObject("ai").encode()).isEqualTo(each);
    assertThat(chat.getJsonObject("byTier").getJsonObject("anonymous").encode()).isEqualTo(each);
    assertThat(chat.getJsonObject("byRegion").fieldNames())
        .isEqualTo(budget.getJsonObject("byRegion").fieldNames());
    JsonObject guest = report.getJsonArray("units").getJsonObject(2);
    assertThat(guest.getJsonObject("byService").getJsonObject("ai").encode())
        .isEqualTo("{\"count\":\"1\",\"spentPerUnit\":{\"PLN\":\"0.04\"}}");
    JsonObject user = report.getJsonArray("units").getJsonObject(1);
    assertThat(user.getJsonObject("spentPerUnit").getString("PLN")).isEqualTo("0.02");
    HttpResponse<String> page = call(ADMIN, "/admin/budgets/report?format=html", "");
    assertThat(page.headers().firstValue("content-security-policy").orElse(""))
        .contains("default-src 'none'; style-src 'sha256-");
    assertThat(page.body()).contains("<svg", "0.04 PLN");
    assertThat(call(ADMIN, "/admin/budgets/report?format=csv", "").body())
        .contains(",month,spent,,0.04,PLN");
    assertThat(List.of(call(ADMIN, "/admin/budgets/report?month=13", "").statusCode()))
        .containsExactly(400);
  }
}
