package app.avalo.gateway.report;

import app.avalo.gateway.alert.Alert;
import app.avalo.gateway.alert.Webhook;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the report of the month before into {@code <state.directory>/reports} on the 1st, ten
 * minutes after midnight, when the last requests of the month have been settled; later if the
 * gateway did not run then. Posts its totals once; should it be killed before the webhook is done
 * with them, again under the same id. Control loop.
 */
public final class MonthEnd {
  private static final Logger LOG = LoggerFactory.getLogger(MonthEnd.class);
  private static final Duration LOOK = Duration.ofMinutes(1);
  private static final Duration SETTLED = Duration.ofMinutes(10);

  private final Vertx vertx;
  private final Timers timers;
  private final Ticker ticker;
  private final Reports reports;
  private final Webhook webhook;
  private final Supplier<Plan> plan;
  private YearMonth written = YearMonth.of(1970, 1);

  public MonthEnd(
      Vertx vertx,
      Timers timers,
      Ticker ticker,
      Reports reports,
      Webhook webhook,
      Supplier<Plan> plan) {
    this.vertx = vertx;
    this.timers = timers;
    this.ticker = ticker;
    this.reports = reports;
    this.webhook = webhook;
    this.plan = plan;
  }

  /** Looks from now on, every minute. */
  public void start() {
    look();
    timers.after(LOOK, this::start);
  }

  private void look() {
    Plan now = plan.get();
    Path directory = now.config().state().directory();
    Instant settled = Instant.ofEpochMilli(ticker.epochMillis()).minus(SETTLED);
    YearMonth month = YearMonth.from(settled.atOffset(ZoneOffset.UTC)).minusMonths(1);
    if (directory == null || !month.isAfter(written)) {
      return;
    }
    written = month;
    Path file = directory.resolve("reports").resolve(month + ".json");
    reports
        .of(now, month)
        .compose(
            report ->
                vertx.executeBlocking(() -> write(report, file)).map(is -> is ? report : null))
        .onSuccess(report -> post(report, told(file)))
        .onFailure(failure -> failed(month, failure));
  }

  /** Its being there says that nobody has to be told any more. */
  private static Path told(Path json) {
    return json.resolveSibling(json.getFileName().toString().replace(".json", ".told"));
  }

  /** Writes what is not there yet; whether it is still to be told. */
  private static boolean write(Report report, Path json) throws IOException {
    if (report.budgets().isEmpty()) {
      return false;
    }
    if (!Files.exists(json)) {
      Files.createDirectories(json.getParent());
      put(json.resolveSibling(report.month() + ".csv"), ReportCsv.of(report));
      put(json.resolveSibling(report.month() + ".html"), ReportPage.of(report));
      put(json, ReportJson.of(report).encodePrettily() + "\n");
      LOG.atInfo().addKeyValue("month", report.month()).log("report of a month written");
    }
    return !Files.exists(told(json));
  }

  private static void put(Path file, String text) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".draft");
    Files.writeString(draft, text);
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private void post(@Nullable Report report, Path told) {
    if (report == null) {
      return;
    }
    JsonObject facts = ReportJson.of(report).getJsonObject("totals");
    webhook
        .send(
            new Alert(
                "report/" + report.month(),
                "budget.report",
                report.month(),
                ticker.epochMillis(),
                facts))
        .compose(over -> vertx.executeBlocking(() -> Files.writeString(told, "")))
        .onFailure(failure -> LOG.warn("not noted that a report is told: {}", failure.toString()));
  }

  private void failed(YearMonth month, Throwable failure) {
    written = month.minusMonths(1); // the next look tries again
    LOG.atWarn()
        .addKeyValue("month", month)
        .addKeyValue("cause", failure.toString())
        .log("report of a month not written");
  }
}
