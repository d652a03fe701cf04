package app.avalo.gateway.report;

import app.avalo.gateway.filter.budget.view.BudgetMonth;
import java.util.Map;

/**
 * A report for spreadsheets (RFC 4180): one sum a line. The last column names the service, region
 * or tier of what was spent on a unit.
 */
public final class ReportCsv {
  private static final String[] KINDS = {"", "region", "tier", "day"};

  /** Place of the sum, which may be negative, among the fields of a line. */
  private static final int AMOUNT = 3;

  private ReportCsv() {}

  public static String of(Report report) {
    StringBuilder csv = new StringBuilder("month,budget,by,of,amount,currency,part\r\n");
    for (BudgetMonth budget : report.budgets()) {
      String currency = budget.currency();
      line(csv, report, budget.name(), "amount", "", Report.plain(budget.amount()), currency, "");
      line(csv, report, budget.name(), "spent", "", Report.plain(budget.spent()), currency, "");
      if (budget.removed()) {
        line(csv, report, budget.name(), "removed", "", "1", "", "");
      }
      for (String kind : KINDS) {
        for (Map.Entry<String, Long> sum : budget.by(kind).entrySet()) {
          String amount = Report.plain(sum.getValue());
          line(csv, report, budget.name(), name(kind), sum.getKey(), amount, currency, "");
        }
      }
    }
    report.units().forEach(unit -> unit(csv, report, unit));
    return csv.toString();
  }

  /** Of all, then of the services, regions and tiers for which any were counted. */
  private static void unit(StringBuilder csv, Report report, UnitMonth unit) {
    part(csv, report, unit, "", "", unit.all());
    for (String kind : UnitMonth.KINDS) {
      String by = " by " + name(kind);
      unit.by(kind).forEach((label, part) -> part(csv, report, unit, by, label, part));
    }
  }

  private static void part(
      StringBuilder csv, Report report, UnitMonth unit, String by, String of, UnitMonth.Part part) {
    String count = Report.plain(part.count());
    line(csv, report, "", "count" + by, unit.name(), count, "", of);
    part.each()
        .forEach(
            (currency, each) ->
                line(csv, report, "", "each" + by, unit.name(), each, currency, of));
  }

  private static String name(String kind) {
    return kind.isEmpty() ? "service" : kind;
  }

  private static void line(StringBuilder csv, Report report, String... fields) {
    csv.append(report.month());
    for (int i = 0; i < fields.length; i++) {
      csv.append(',').append(i == AMOUNT ? fields[i] : quoted(fields[i]));
    }
    csv.append("\r\n");
  }

  /** What a spreadsheet would take for a formula becomes text. */
  private static String quoted(String field) {
    String text =
        !field.isEmpty() && "=+-@\t\r".indexOf(field.charAt(0)) >= 0 ? "'" + field : field;
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n');
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
