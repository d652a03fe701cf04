package app.avalo.gateway.report;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.alert.Webhook;
import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of a month, under a clock of our own and on a real disk. */
class MonthEndIT {
  private static final String YAML =
      """
      listeners: [{name: public, address: "127.0.0.1:8080"}]
      regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
      services: {ai: {regions: {eu: "http://127.0.0.1:1"}}}
      routes: [{name: ai, match: {path: /}, service: ai}]
      budgets: {month: {amount: 10 PLN, services: [ai], cost: {perRequest: 0.01 PLN}}}
      state: {directory: "%s"}
      """;

  @TempDir private Path directory;
  private final VirtualTime time = new VirtualTime(); // 2026-11-21
  private final Vertx vertx = Vertx.vertx();
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);

  @AfterEach
  void stop() {
    RunningGateway.await(vertx.close()); // what is being written is in the directory's way
  }

  private Plan plan() {
    return plan("");
  }

  private Plan plan(String more) {
    return compiled(YAML.formatted(directory) + more);
  }

  private static Plan compiled(String yaml) {
    return Plan.compile(((Loaded.Valid) ConfigLoader.parse("test.yaml", yaml)).config());
  }

  @Test
  void the_report_of_a_month_is_written_once_it_is_settled() throws IOException {
    Plan plan = plan();
    ledger.configure(plan);
    ledger.desk().correct("month", new Correction("1", false, "ai", 2_500_000, "eva", "bill"));
    Webhook webhook = new Webhook(vertx, Runnable::run, time, time, plan::config);
    new MonthEnd(vertx, time, time, new Reports(ledger.desk(), time), webhook, () -> plan).start();
    Path reports = directory.resolve("reports");
    time.advance(Duration.ofDays(10).plusMinutes(9));
    assertThat(reports).doesNotExist();

    time.advance(Duration.ofMinutes(2));

    Path json = reports.resolve("2026-11.json");
    Awaiting.until(() -> Files.exists(json));
    assertThat(Files.readString(json)).contains("\"spent\" : \"2.5 PLN\"");
    assertThat(Files.readString(reports.resolve("2026-11.csv"))).contains(",spent,,2.5,PLN");
    assertThat(Files.readString(reports.resolve("2026-11.html"))).contains("Costs of 2026-11");
  }

  @Test
  void a_budget_that_a_reload_removed_is_in_the_report() throws IOException {
    ledger.configure(plan());
    ledger.desk().correct("month", new Correction("1", false, "ai", 2_500_000, "eva", "bill"));
    Plan without = compiled(YAML.formatted(directory).replace("month:", "other:"));
    ledger.configure(without);
    Webhook webhook = new Webhook(vertx, Runnable::run, time, time, without::config);
    new MonthEnd(vertx, time, time, new Reports(ledger.desk(), time), webhook, () -> without)
        .start();

    time.advance(Duration.ofDays(10).plusMinutes(11));

    Path json = directory.resolve("reports").resolve("2026-11.json");
    Awaiting.until(() -> Files.exists(json));
    JsonObject report = new JsonObject(Files.readString(json));
    JsonObject removed = report.getJsonArray("budgets").getJsonObject(1);
    assertThat(removed.getString("name")).isEqualTo("month");
    assertThat(removed.getBoolean("removed")).isTrue();
    assertThat(removed.getString("spent")).isEqualTo("2.5 PLN");
    assertThat(report.getJsonObject("totals").getString("PLN")).isEqualTo("2.5");
  }

  /** What the webhook is told of months, in its order. */
  private Queue<JsonObject> told(String[] alerts) {
    Queue<JsonObject> told = new ConcurrentLinkedQueue<>();
    HttpServer receiver =
        RunningGateway.await(
            vertx
                .createHttpServer()
                .requestHandler(
                    request ->
                        request
                            .body()
                            .onSuccess(
                                body -> {
                                  told.add(body.toJsonObject());
                                  request.response().setStatusCode(204).end();
                                }))
                .listen(0, "127.0.0.1"));
    alerts[0] =
        """
        alerts:
          webhook:
            url: "http://127.0.0.1:%d/"
            secret: "${env:NOT_SET:-webhook-secret-of-32-bytes-or-more}"
        """
            .formatted(receiver.actualPort());
    return told;
  }

  @Test
  void a_month_that_ended_while_nobody_ran_is_reported_at_the_next_start_and_told_once() {
    String[] alerts = new String[1];
    Queue<JsonObject> told = told(alerts);
    Plan plan = plan(alerts[0]);
    ledger.configure(plan);
    ledger.desk().correct("month", new Correction("1", false, "ai", 2_500_000, "eva", "bill"));
    Context loop = vertx.getOrCreateContext();
    Executor control = task -> loop.runOnContext(go -> task.run());
    Reports reports = new Reports(ledger.desk(), time);
    time.advance(Duration.ofDays(15));
    ledger.desk().correct("month", new Correction("2", false, "ai", 500_000, "eva", "bill"));

    Webhook webhook = begin(plan, control, new VirtualTime()); // its timers stand still
    Awaiting.until(() -> webhook.count(Webhook.Result.DELIVERED) == 1);
    new MonthEnd(vertx, time, time, reports, webhook, () -> plan).start();
    time.advance(Duration.ofDays(27));
    Awaiting.until(() -> webhook.count(Webhook.Result.DELIVERED) == 2);

    assertThat(told)
        .extracting(alert -> alert.getString("kind") + ' ' + alert.getString("subject"))
        .containsExactly("budget.report 2026-11", "budget.report 2026-12");
    assertThat(told.element().getJsonObject("facts").encode()).contains("2.5");
  }

  /** Of a process that begins now, and gets as far as its timers let it. */
  private Webhook begin(Plan plan, Executor control, Timers timers) {
    Webhook webhook = new Webhook(vertx, control, Timers.of(vertx), Ticker.SYSTEM, plan::config);
    control.execute(webhook::start);
    new MonthEnd(vertx, timers, time, new Reports(ledger.desk(), time), webhook, () -> plan)
        .start();
    return webhook;
  }

  @Test
  void who_is_killed_before_anybody_was_told_tells_at_the_next_start_and_then_no_more() {
    String[] alerts = new String[1];
    Queue<JsonObject> told = told(alerts);
    Plan plan = plan(alerts[0]);
    ledger.configure(plan);
    ledger.desk().correct("month", new Correction("1", false, "ai", 2_500_000, "eva", "bill"));
    time.advance(Duration.ofDays(15));
    Context loop = vertx.getOrCreateContext();
    Executor control = task -> loop.runOnContext(go -> task.run());
    Path reports = directory.resolve("reports");

    begin(plan, killed -> {}, new VirtualTime());
    Awaiting.until(() -> Files.exists(reports.resolve("2026-11.json")));
    assertThat(reports.resolve("2026-11.told")).doesNotExist();
    Webhook next = begin(plan, control, new VirtualTime());
    Awaiting.until(() -> next.count(Webhook.Result.DELIVERED) == 1);
    Awaiting.until(() -> Files.exists(reports.resolve("2026-11.told")));
    Webhook last = begin(plan, control, time);
    ledger.desk().correct("month", new Correction("2", false, "ai", 500_000, "eva", "bill"));
    time.advance(Duration.ofDays(27));
    Awaiting.until(() -> last.count(Webhook.Result.DELIVERED) > 0);

    assertThat(told)
        .extracting(alert -> alert.getString("subject"))
        .containsExactly("2026-11", "2026-12");
  }
}
