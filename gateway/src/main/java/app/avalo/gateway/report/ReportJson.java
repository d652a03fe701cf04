package app.avalo.gateway.report;

import app.avalo.gateway.filter.budget.view.BudgetMonth;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;

/** A report for programs; amounts exact, as text. */
public final class ReportJson {
  private ReportJson() {}

  public static JsonObject of(Report report) {
    JsonArray budgets = new JsonArray();
    report.budgets().forEach(budget -> budgets.add(budget(budget)));
    JsonArray units = new JsonArray();
    report.units().forEach(unit -> units.add(unit(report, unit)));
    JsonObject totals = new JsonObject();
    report.totals().forEach((currency, micros) -> totals.put(currency, Report.plain(micros)));
    return new JsonObject()
        .put("month", report.month())
        .put("gateway", report.gateway())
        .put("written", report.written())
        .put("totals", totals)
        .put("budgets", budgets)
        .put("units", units);
  }

  private static JsonObject budget(BudgetMonth budget) {
    return new JsonObject()
        .put("name", budget.name())
        .put("amount", Report.exact(budget.amount(), budget.currency()))
        .put("spent", Report.exact(budget.spent(), budget.currency()))
        .put("byService", sums(budget.by("")))
        .put("byRegion", sums(budget.by("region")))
        .put("byTier", sums(budget.by("tier")))
        .put("byDay", sums(budget.by("day")));
  }

  private static JsonObject sums(Map<String, Long> sums) {
    JsonObject object = new JsonObject();
    sums.forEach((label, micros) -> object.put(label, Report.plain(micros)));
    return object;
  }

  private static JsonObject unit(Report report, BudgetMonth unit) {
    JsonObject each = new JsonObject();
    report.totals().forEach((currency, micros) -> each.put(currency, Report.each(micros, unit)));
    return new JsonObject()
        .put("name", unit.name())
        .put("count", Report.plain(unit.spent()))
        .put("spentPerUnit", each);
  }
}
