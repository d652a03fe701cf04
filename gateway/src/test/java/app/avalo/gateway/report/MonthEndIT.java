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
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.testing.Awaiting;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of a month, under a clock of our own and on a real disk. */
class MonthEndIT {
  @TempDir private Path directory;
  private final VirtualTime time = new VirtualTime(); // 2026-11-21
  private final Vertx vertx = Vertx.vertx();
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);

  @AfterEach
  void stop() {
    vertx.close();
  }

  private Plan plan() {
    Loaded loaded =
        ConfigLoader.parse(
            "test.yaml",
            """
            listeners: [{name: public, address: "127.0.0.1:8080"}]
            regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
            services: {ai: {regions: {eu: "http://127.0.0.1:1"}}}
            routes: [{name: ai, match: {path: /}, service: ai}]
            budgets: {month: {amount: 10 PLN, services: [ai], cost: {perRequest: 0.01 PLN}}}
            state: {directory: "%s"}
            """
                .formatted(directory));
    return Plan.compile(((Loaded.Valid) loaded).config());
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
}
