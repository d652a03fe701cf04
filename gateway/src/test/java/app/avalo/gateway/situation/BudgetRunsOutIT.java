package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.header;
import static app.avalo.gateway.situation.Answers.problem;
import static app.avalo.gateway.situation.Answers.rule;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Level;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Money is spent until nothing is left: operators are told, normal services are slowed first,
 * critical ones later, and the panic button goes on when all is gone.
 */
class BudgetRunsOutIT {
  private static final long ZLOTY = 1_000_000;

  @TempDir private Path directory;
  private final ThreeRegions regions = new ThreeRegions();
  private RunningGateway gateway;

  private void start(String cost) {
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + """
                state: {directory: "%2$s"}
                budgets:
                  month: {amount: 1 PLN, services: [ai, pay, panic], cost: %3$s, floors: [panic]}
                services:
                  ai: {%1$s}
                  pay: {priority: critical, %1$s}
                  panic: {priority: critical, %1$s}
                routes:
                  - {name: ai, match: {path: {prefix: /ai}}, service: ai}
                  - {name: pay, match: {path: {prefix: /pay}}, service: pay}
                  - {name: panic, match: {path: {prefix: /panic}}, service: panic}
                """
                    .formatted(regions.everywhere(), directory, cost));
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  @Test
  void each_request_costs_and_each_level_slows_those_it_should() {
    start("{perRequest: 0.01 PLN}");

    assertThat(admitted("/ai", 70)).isEqualTo(70);
    assertThat(month().level()).isEqualTo(Level.ALERT);
    assertThat(admitted("/ai", 10)).isEqualTo(10);
    assertThat(month().level()).isEqualTo(Level.THROTTLE);
    correct(ZLOTY / 10);
    assertThat(month().level()).isEqualTo(Level.CRITICAL);
    HttpResponse<String> slowed = gateway.get("/ai");
    assertThat(slowed.statusCode()).isEqualTo(429);
    assertThat(rule(slowed)).isEqualTo("month");
    assertThat(level(slowed)).isEqualTo("critical");
    assertThat(slowed.body()).contains("no request of this kind passes now; it eases at ");
    assertThat(Long.parseLong(header(slowed, "Retry-After"))).isBetween(1L, 3_600L);
    assertThat(admitted("/pay", 1)).as("of a critical one").isEqualTo(1);
    assertThat(admitted("/panic", 5)).isEqualTo(5);
  }

  private void correct(long micros) {
    Correction invoice = new Correction("invoice-1", false, "", micros, "eva", "invoice");
    BudgetLedger ledger = gateway.gateway().shared().ledger();
    assertThat(RunningGateway.await(ledger.desk().correct("month", invoice))).isTrue();
  }

  @Test
  void when_all_is_gone_everything_stops_but_the_panic_button() {
    start("{perRequest: 0.01 PLN}");
    admitted("/panic", 100);

    HttpResponse<String> refused = gateway.get("/ai");

    assertThat(month().level()).isEqualTo(Level.EXHAUSTED);
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(problem(refused)).isEqualTo("budget");
    assertThat(rule(refused)).isEqualTo("month");
    assertThat(level(refused)).isEqualTo("exhausted");
    assertThat(Long.parseLong(header(refused, "Retry-After"))).isPositive();
    assertThat(gateway.get("/pay").statusCode()).isEqualTo(429);
    assertThat(admitted("/panic", 5)).isEqualTo(5);
    assertThat(month().spent()).isEqualTo(105 * ZLOTY / 100);
  }

  @Test
  void the_service_tells_what_a_request_cost() {
    start("{header: X-Cost, reserve: 0.10 PLN}");

    gateway.get("/ai?cost=0.25");
    assertThat(spent()).isEqualTo(ZLOTY / 4);
    gateway.get("/ai?cost=nonsense");
    assertThat(spent()).as("charged as reserved").isEqualTo(ZLOTY / 4 + ZLOTY / 10);
    assertThat(month().counts().unreadable()).isEqualTo(1);
  }

  @Test
  void bytes_cost_in_both_directions() {
    start("{perMebibyteOut: 0.50 PLN}");

    gateway.get("/ai?bytes=524288");

    assertThat(spent()).isEqualTo(ZLOTY / 4);
  }

  @Test
  void so_do_those_of_a_body_alone() {
    start("{perKibibyteIn: 0.005 PLN}");
    byte[] body = new byte[50 << 10];

    gateway.send(
        HttpRequest.newBuilder(gateway.uri("/ai?bytes=524288"))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build());

    assertThat(spent()).isEqualTo(ZLOTY / 4);
  }

  @Test
  void counts_that_the_service_tells_cost_by_the_thousand() {
    start("{perThousand: {X-Cost: 2 PLN}, reserve: 0.01 PLN}");

    gateway.get("/ai?cost=125");

    assertThat(spent()).as("125 tokens").isEqualTo(ZLOTY / 4);
    assertThat(month().counts().unreadable()).isZero();
  }

  @Test
  void a_request_that_reached_nobody_costs_nothing() {
    start("{perRequest: 0.01 PLN}");
    regions.close();

    assertThat(gateway.get("/ai").statusCode()).isGreaterThanOrEqualTo(500);

    assertThat(spent()).isZero();
  }

  @Test
  void a_request_that_was_sent_twice_is_paid_twice() {
    start("{header: X-Cost, reserve: 0.40 PLN}");
    regions.eu().trafficMode(Mode.RESET_BEFORE_HEAD);

    HttpResponse<String> answer = gateway.get("/ai?cost=0.25");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(regions.eu().requests()).isEqualTo(1);
    assertThat(spent()).isEqualTo(ZLOTY * 65 / 100);
  }

  @Test
  void a_request_is_sent_again_only_where_there_is_the_money_for_it() {
    start("{header: X-Cost, reserve: 0.60 PLN}");
    regions.eu().trafficMode(Mode.RESET_BEFORE_HEAD);

    HttpResponse<String> answer = gateway.get("/ai?cost=0.25");

    assertThat(problem(answer)).isEqualTo("upstream-reset");
    assertThat(regions.requests()).isEqualTo(1);
    assertThat(spent()).isEqualTo(ZLOTY * 60 / 100);
  }

  @Test
  void what_was_spent_survives_a_restart() {
    start("{perRequest: 0.01 PLN}");
    admitted("/ai", 75);
    long spent = spent();
    gateway.close();

    start("{perRequest: 0.01 PLN}");

    assertThat(spent()).isEqualTo(spent);
    assertThat(month().level()).isEqualTo(Level.ALERT);
    admitted("/panic", 25);
    assertThat(gateway.get("/ai").statusCode()).isEqualTo(429);
  }

  private int admitted(String path, int requests) {
    int admitted = 0;
    for (int i = 0; i < requests; i++) {
      if (gateway.get(path).statusCode() == 200) {
        admitted++;
      }
    }
    Awaiting.until(() -> month().reserved() == 0);
    return admitted;
  }

  private static String level(HttpResponse<String> refused) {
    return new JsonObject(refused.body()).getString("level");
  }

  private long spent() {
    Awaiting.until(() -> month().reserved() == 0);
    return month().spent();
  }

  private BudgetView month() {
    return gateway.gateway().shared().ledger().view(gateway.gateway().plan()).get(0);
  }
}
