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
    report.units().forEach(unit -> units.add(unit(unit)));
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
        .put("removed", budget.removed())
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

  private static JsonObject unit(UnitMonth unit) {
    JsonArray budgets = new JsonArray();
    unit.budgets().forEach(budget -> budgets.add(budget.name()));
    return new JsonObject()
        .put("name", unit.name())
        .mergeIn(part(unit.all()))
        .put("budgets", budgets)
        .put("byService", parts(unit.by("")))
        .put("byRegion", parts(unit.by("region")))
        .put("byTier", parts(unit.by("tier")));
  }

  private static JsonObject parts(Map<String, UnitMonth.Part> parts) {
    JsonObject object = new JsonObject();
    parts.forEach((label, part) -> object.put(label, part(part)));
    return object;
  }

  private static JsonObject part(UnitMonth.Part part) {
    JsonObject each = new JsonObject();
    part.each().forEach(each::put);
    return new JsonObject().put("count", Report.plain(part.count())).put("spentPerUnit", each);
  }
}
