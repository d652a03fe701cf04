package app.avalo.gateway.admin;

import static app.avalo.gateway.admin.AdminClient.ADMIN;
import static app.avalo.gateway.admin.AdminClient.OPERATOR;
import static app.avalo.gateway.admin.AdminClient.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.admin.AdminClient.Answer;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.Wire;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may call the admin port, what it takes for a call, and what it says of mistakes. */
class AdminAccessIT {
  private static final String WHY = "{\"order\":\"out\",\"reason\":\"test\"}";

  private static AdminFixture fixture;
  private static AdminClient admin;
  private static AuditTrail audit;

  @BeforeAll
  static void start() {
    fixture = new AdminFixture();
    admin = fixture.admin;
    audit = new AuditTrail();
  }

  @AfterAll
  static void stop() {
    audit.close();
    fixture.close();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /admin/routing?service=feed&country=DE",
    "GET, /admin/regions",
    "GET, /admin/regions/eu",
    "POST, /admin/regions/eu/force",
    "DELETE, /admin/regions/eu/force",
    "GET, /admin/pins?user=a",
    "GET, /admin/pins/counts",
    "POST, /admin/pins/move",
    "GET, /admin/pins/groups",
    "GET, /admin/pins/cells",
    "GET, /admin/pins/history",
    "POST, /admin/pins/drain",
    "POST, /admin/pins/give-up",
    "POST, /admin/pins/stop",
    "POST, /admin/pins/resume",
    "POST, /admin/pins/abort",
    "POST, /admin/pins/cell",
    "POST, /admin/pins/freeze",
    "POST, /admin/pins/unfreeze",
    "GET, /admin/limits",
    "GET, /admin/limits/few/buckets/u=a",
    "DELETE, /admin/limits/few/buckets/u=a",
    "GET, /admin/budgets",
    "GET, /admin/budgets/ai-month/purses",
    "GET, /admin/budgets/ai-month/paused",
    "DELETE, /admin/budgets/ai-month/paused/shop",
    "GET, /admin/budgets/report",
    "POST, /admin/budgets/ai-month/corrections",
    "POST, /admin/budgets/ai-month/costs",
    "POST, /admin/budgets/ai-month/orders",
    "POST, /admin/units/chats/counts",
    "GET, /admin/config",
    "GET, /admin/reload",
    "POST, /admin/reload",
    "GET, /admin/explain?url=/",
    "POST, /admin/explain",
    "GET, /admin/connections",
    "GET, /admin/stores",
    "GET, /admin/whoami",
  })
  void nothing_is_answered_without_a_token(String method, String path) {
    Answer answer = admin.call(method, null, path, method.equals("POST") ? "{}" : null);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("www-authenticate")).startsWith("Bearer");
    assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
    assertThat(answer.json().getString("type"))
        .isEqualTo("urn:avalo:gateway:admin:unauthenticated");
    assertThat(answer.json().getString("requestId")).isEqualTo(answer.header("x-request-id"));
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /admin/regions/eu/force, viewer",
    "DELETE, /admin/regions/eu/force, viewer",
    "POST, /admin/pins/move, viewer",
    "POST, /admin/pins/drain, viewer",
    "POST, /admin/pins/give-up, viewer",
    "POST, /admin/pins/freeze, viewer",
    "DELETE, /admin/limits/few/buckets/u=a, viewer",
    "POST, /admin/reload, viewer",
    "POST, /admin/budgets/ai-month/corrections, viewer",
    "POST, /admin/budgets/ai-month/corrections, operator",
    "POST, /admin/budgets/ai-month/costs, viewer",
    "POST, /admin/budgets/ai-month/costs, operator",
    "POST, /admin/budgets/ai-month/orders, operator",
    "POST, /admin/units/chats/counts, viewer",
    "POST, /admin/units/chats/counts, operator",
    "DELETE, /admin/budgets/ai-month/paused/shop, viewer",
  })
  void a_role_that_is_too_low_is_refused_and_written_down(String method, String path, String role) {
    String token = role.equals("viewer") ? VIEWER : OPERATOR;

    Answer answer = admin.call(method, token, path, method.equals("POST") ? "{}" : null);

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.detail()).contains("has the role " + role);
    assertThat(audit.of(answer))
        .singleElement()
        .satisfies(
            line ->
                assertThat(line)
                    .containsEntry("outcome", answer.detail())
                    .containsEntry("role", role));
  }

  @Test
  void every_write_leaves_one_line_with_who_what_why_and_what_came_of_it() {
    Answer forced = admin.post(OPERATOR, "/admin/regions/us/force", WHY);
    Answer released = admin.delete(ADMIN, "/admin/regions/us/force?reason=over");
    Answer unknown = admin.post(OPERATOR, "/admin/regions/uss/force", WHY);

    assertThat(audit.of(forced))
        .singleElement()
        .satisfies(
            line ->
                assertThat(line)
                    .containsAllEntriesOf(
                        Map.of(
                            "who", "olaf",
                            "role", "operator",
                            "action", "force",
                            "target", "us",
                            "reason", "test",
                            "outcome", "done",
                            "client", "127.0.0.1")));
    assertThat(audit.of(released))
        .singleElement()
        .satisfies(
            line -> assertThat(line).containsAllEntriesOf(Map.of("who", "anna", "reason", "over")));
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(audit.of(unknown))
        .singleElement()
        .satisfies(
            line ->
                assertThat(line)
                    .containsEntry("outcome", "region: uss (did you mean us?)")
                    .containsEntry("status", "404"));
  }

  @ParameterizedTest
  @CsvSource({
    "PUT, /admin/limits/few/overrides/k=audited, override-limit, few k=audited",
    "DELETE, /admin/limits/few/overrides/k=audited?reason=test, end-override, few k=audited",
    "DELETE, /admin/limits/few/buckets/a=203.0.113.8?reason=test, reset-bucket, few a=203.0.113.8",
  })
  void whoever_changes_what_a_caller_may_use_is_written_down(
      String method, String path, String action, String target) {
    String order = "{\"rates\":\"10/h\",\"reason\":\"test\"}";

    Answer answer = admin.call(method, OPERATOR, path, method.equals("PUT") ? order : null);

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(audit.of(answer))
        .singleElement()
        .satisfies(
            line ->
                assertThat(line)
                    .containsAllEntriesOf(
                        Map.of(
                            "who", "olaf",
                            "action", action,
                            "target", target,
                            "reason", "test",
                            "outcome", "done")));
  }

  @Test
  void reading_leaves_no_line() {
    assertThat(audit.of(admin.get(VIEWER, "/admin/regions"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ | body: not a JSON object (expected one JSON object)",
        "[] | body: not a JSON object (expected one JSON object)",
        "{\"order\":\"out\",\"order\":\"in\"} | body: not a JSON object (expected one JSON object)",
        "{} | order: missing (expected out or in or drain)",
        "{\"order\":\"up\"} | order: up (expected out or in or drain)",
        "{\"order\":7} | order: 7 (expected out or in or drain)",
        "{\"order\":\"drain\",\"users\":0,\"reason\":\"r\"} | users: 0 (expected a whole number from 1 to 1000000)",
        "{\"order\":\"drain\",\"pause\":\"1ms\",\"reason\":\"r\"} | pause: 1ms (expected a span from 100ms to 10min)",
        "{\"order\":\"out\"} | reason: missing (expected text of 1 to 512 characters)",
        "{\"order\":\"out\",\"reason\":\" \"} | reason:   (expected text of 1 to 512 characters)",
        "{\"order\":\"out\",\"reason\":\"a\\nb\"} | reason: a control character (expected text of 1 to 512 characters)",
        "{\"order\":\"out\",\"reason\":\"r\",\"expires\":\"soon\"} | expires: soon (expected a span from 1s to 30d)",
        "{\"order\":\"out\",\"reason\":\"r\",\"expires\":\"31d\"} | expires: 31d (expected a span from 1s to 30d)",
        "{\"order\":\"out\",\"reason\":\"r\",\"expire\":\"1h\"} | expire: unknown (did you mean expires?)",
      })
  void a_body_that_is_not_exactly_right_changes_nothing(String body, String detail) {
    Answer answer = admin.post(OPERATOR, "/admin/regions/us/force", body);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.detail()).isEqualTo(detail);
    assertThat(admin.get(VIEWER, "/admin/regions/us").json().getValue("forced")).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "/admin/regions/eus ; 404 ; region: eus (did you mean eu?)",
        "/admin/region ; 404 ; path: /admin/region (did you mean /admin/regions?)",
        "/admin/routing?country=DE&service=fed ; 404 ; service: fed (did you mean feed?)",
        "/admin/routing?country=DE ; 400 ; service: missing (expected the name of a service)",
        "/admin/routing?service=feed ; 400 ; client: missing (expected an address, or country)",
        "/admin/routing?service=feed&client=1.2.3 ; 400 ; client: 1.2.3 (expected an IPv4 or IPv6 address)",
        "/admin/routing?service=feed&country=QQ ; 400 ; country: QQ (expected a code of ISO 3166, two letters)",
        "/admin/routing?service=feed&contry=DE ; 400 ; query.contry: unknown (did you mean country?)",
        "/admin/limits/fwe/buckets/u=a ; 404 ; limit: fwe (did you mean few?)",
        "/admin/limits/few/buckets/nonsense ; 400 ; key: nonsense (expected parts as in u=alice|r=chat)",
        "/admin/pins ; 400 ; user: 0 of four (expected exactly one of user, apiKey, session, header)",
        "/admin/pins?user=a&apiKey=b ; 400 ; user: 2 of four (expected exactly one of user, apiKey, session, header)",
        "/admin/pins?session=xyz ; 400 ; session: xyz (expected 32 hexadecimal digits)",
        "/admin/explain ; 400 ; url: missing (expected http://host/path or a path)",
        "/admin/explain?url=/..%252f ; 400 ; url: /..%2f (expected a path that RFC 3986 and the listener allow)",
        "/admin/explain?url=/&header=Cookie:a=b ; 400 ; header: Cookie (expected credentials in the body of a POST)",
        "/admin/pins/cells ; 400 ; group: missing (expected a name)",
        "/admin/pins/history?group=chats ; 404 ; group: chats (did you mean chat?)",
      })
  void a_question_that_is_not_understood_says_why(String path, int status, String detail) {
    Answer answer = admin.get(VIEWER, path);

    assertThat(answer.detail()).isEqualTo(detail);
    assertThat(answer.status()).isEqualTo(status);
  }

  @Test
  void other_methods_media_types_and_sizes_are_refused() {
    assertThat(admin.call("PUT", OPERATOR, "/admin/regions", "{}").status()).isEqualTo(405);
    String large = "{\"order\":\"out\",\"reason\":\"" + "x".repeat(70_000) + "\"}";
    assertThat(admin.post(OPERATOR, "/admin/regions/us/force", large).status()).isEqualTo(413);
    try (Wire wire = new Wire(fixture.gateway.adminPort())) {
      String form =
          wire.send(
                  "POST /admin/regions/us/force HTTP/1.1\r\nHost: localhost\r\n"
                      + "Authorization: Bearer "
                      + OPERATOR
                      + "\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                      + "Content-Length: 9\r\nConnection: close\r\n\r\norder=out")
              .readAll();
      assertThat(form).startsWith("HTTP/1.1 415").contains("application/json");
    }
  }

  @Test
  void budgets_are_corrected_by_admins_within_reason() {
    String path = "/admin/budgets/ai-month/corrections";
    String body = "{\"id\":\"c1\",\"of\":\"spent\",\"by\":\"%s\",\"reason\":\"r\"}";

    assertThat(admin.post(ADMIN, path, body.formatted("5 EUR")).detail())
        .isEqualTo("by: 5 EUR (expected an amount such as -12.50 PLN)");
    assertThat(admin.post(ADMIN, path, body.formatted("-99 PLN")).status()).isEqualTo(422);
    assertThat(admin.post(ADMIN, "/admin/budgets/ai/corrections", body).detail())
        .startsWith("budget: ai (");
  }

  @Test
  void pins_are_moved_only_where_their_services_are() {
    String move = "{\"user\":\"u\",\"group\":\"%s\",\"region\":\"%s\",\"reason\":\"r\"}";

    assertThat(admin.post(OPERATOR, "/admin/pins/move", move.formatted("chats", "eu")).detail())
        .isEqualTo("group: chats (did you mean chat?)");
    assertThat(admin.post(OPERATOR, "/admin/pins/move", move.formatted("chat", "eu")).detail())
        .isEqualTo("user u has no pin in the group chat.");
  }

  @Test
  void whoever_guesses_tokens_is_shut_out_for_a_while() {
    try (AdminFixture own = new AdminFixture()) {
      for (int i = 0; i < 10; i++) {
        assertThat(own.admin.get("wrong-token-0123456789-" + i, "/admin/regions").status())
            .isEqualTo(401);
      }

      Answer locked = own.admin.get(VIEWER, "/admin/regions");

      assertThat(locked.status()).isEqualTo(429);
      assertThat(Long.parseLong(String.valueOf(locked.header("retry-after")))).isBetween(1L, 60L);
      assertThat(own.admin.call("GET", null, "/readyz", null).status()).isEqualTo(200);
    }
  }

  @Test
  void without_credentials_this_machine_reads_and_nobody_writes() {
    try (AdminFixture open = new AdminFixture(RunningGateway.COMMON)) {
      assertThat(open.admin.call("GET", null, "/admin/regions", null).status()).isEqualTo(200);
      Answer write = open.admin.call("POST", null, "/admin/regions/eu/force", WHY);
      assertThat(write.status()).isEqualTo(403);
      assertThat(write.detail()).contains("admin.credentials");
      assertThat(audit.of(write)).hasSize(1);
      for (String foreign :
          List.of("Host: evil.example", "Host: localhost\r\nX-Forwarded-For: 192.0.2.1")) {
        try (Wire wire = new Wire(open.gateway.adminPort())) {
          wire.send("GET /admin/regions HTTP/1.1\r\n" + foreign + "\r\nConnection: close\r\n\r\n");
          assertThat(wire.readAll()).startsWith("HTTP/1.1 403");
        }
      }
    }
  }

  @Test
  void no_answer_holds_a_secret() {
    fixture.gateway.get("/members", "x-api-key", AdminFixture.API_KEY);
    for (String path :
        List.of(
            "/",
            "/metrics",
            "/livez",
            "/readyz",
            "/admin/config",
            "/admin/regions",
            "/admin/limits",
            "/admin/budgets",
            "/admin/reload",
            "/admin/connections",
            "/admin/stores",
            "/admin/whoami",
            "/admin/pins/counts",
            "/admin/pins?apiKey=shop")) {
      assertNoSecret(admin.get(ADMIN, path).text());
    }
    assertNoSecret(
        admin
            .post(
                ADMIN,
                "/admin/explain",
                "{\"url\":\"/members\",\"apiKey\":\"" + AdminFixture.API_KEY + "\"}")
            .text());
    audit.lines().forEach(line -> assertNoSecret(line.toString()));
  }

  private static void assertNoSecret(String text) {
    assertThat(text)
        .doesNotContain(
            VIEWER, OPERATOR, ADMIN, AdminFixture.API_KEY, AdminFixture.PIN_KEY, "header-secret");
  }
}
