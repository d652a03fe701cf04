package app.avalo.gateway.admin.api.money;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.Words;
import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.filter.budget.pace.Forecast;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.report.Report;
import app.avalo.gateway.report.ReportCsv;
import app.avalo.gateway.report.ReportJson;
import app.avalo.gateway.report.ReportPage;
import app.avalo.gateway.report.Reports;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.YearMonth;
import java.time.format.DateTimeParseException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Budgets: what is spent, reserved and left; what months came to. */
public final class BudgetsApi {
  private final Controls controls;

  public BudgetsApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/budgets", this::all);
    api.read(HttpMethod.GET, "/admin/budgets/report", this::report);
  }

  private Future<Answer> report(Call call) {
    call.knows("month", "format");
    Reports reports = new Reports(controls.ledger().desk(), Ticker.SYSTEM);
    YearMonth month = month(call.query("month"), reports.thisMonth());
    String format = call.query("format");
    if (format != null && !List.of("json", "csv", "html").contains(format)) {
      throw Refusal.malformed("format", format, "json, csv or html");
    }
    return reports.of(controls.plan(), month).map(report -> answer(report, format));
  }

  private static YearMonth month(@Nullable String text, YearMonth running) {
    try {
      return text == null ? running : YearMonth.parse(text);
    } catch (DateTimeParseException malformed) {
      throw Refusal.malformed("month", String.valueOf(text), "a month such as 2026-11");
    }
  }

  private static Answer answer(Report report, @Nullable String format) {
    if ("csv".equals(format)) {
      return Answer.file("text/csv; charset=utf-8", "default-src 'none'", ReportCsv.of(report));
    }
    return "html".equals(format)
        ? Answer.file("text/html; charset=utf-8", ReportPage.POLICY, ReportPage.of(report))
        : new Answer(200, ReportJson.of(report));
  }

  private Future<Answer> all(Call call) {
    call.knows();
    JsonArray budgets = new JsonArray();
    for (BudgetView view : controls.ledger().view(controls.plan())) {
      budgets.add(view(view));
    }
    return Answer.ok(new JsonObject().put("budgets", budgets));
  }

  private JsonObject view(BudgetView view) {
    JsonObject byService = new JsonObject();
    view.byService()
        .forEach((service, micros) -> byService.put(service, Words.money(micros, view.currency())));
    BudgetView.Counts counts = view.counts();
    return new JsonObject()
        .put("name", view.name())
        .put("level", Words.of(view.level()))
        .put("amount", Words.money(view.amount(), view.currency()))
        .put("spent", Words.money(view.spent(), view.currency()))
        .put("reserved", Words.money(view.reserved(), view.currency()))
        .put("share", view.share())
        .put("admittedShare", view.admittedShare())
        .put("criticalShare", view.criticalShare())
        .put("forecast", forecast(view))
        .put("periodStart", Words.time(view.periodStart()))
        .put("periodEnd", Words.time(view.periodEnd()))
        .put("frozenUntil", Words.time(view.frozenUntil()))
        .put("unthrottledUntil", Words.time(view.freeUntil()))
        .put("store", Words.of(view.store()))
        .put(
            "counts",
            new JsonObject()
                .put("admitted", counts.admitted())
                .put("cheaper", counts.diverted())
                .put("paced", counts.paced())
                .put("refused", counts.refused())
                .put("settled", counts.settled())
                .put("unreadable", counts.unreadable())
                .put("underestimated", counts.underestimated())
                .put("repeated", counts.repeated())
                .put("forgotten", counts.forgotten()))
        .put("byService", byService);
  }

  private static JsonObject forecast(BudgetView view) {
    Forecast forecast = view.forecast();
    String currency = view.currency();
    long exhausted = forecast.exhaustedMillis();
    return new JsonObject()
        .put("ifNobodyIsSlowed", true)
        .put("spent", Words.money(forecast.spent(), currency))
        .put("low", Words.money(forecast.low(), currency))
        .put("high", Words.money(forecast.high(), currency))
        .put("perHour", Words.money(forecast.perHour(), currency))
        .put("exhausted", exhausted == 0 ? null : Words.time(exhausted));
  }
}
