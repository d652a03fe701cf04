package app.avalo.gateway.report;

import app.avalo.gateway.filter.budget.view.BudgetMonth;
import java.util.Map;

/** A report for spreadsheets (RFC 4180): one sum a line. */
public final class ReportCsv {
  private static final String[] KINDS = {"", "region", "tier", "day"};

  private ReportCsv() {}

  public static String of(Report report) {
    StringBuilder csv = new StringBuilder("month,budget,by,of,amount,currency\r\n");
    for (BudgetMonth budget : report.budgets()) {
      String currency = budget.currency();
      line(csv, report, budget.name(), "amount", "", Report.plain(budget.amount()), currency);
      line(csv, report, budget.name(), "spent", "", Report.plain(budget.spent()), currency);
      for (String kind : KINDS) {
        for (Map.Entry<String, Long> sum : budget.by(kind).entrySet()) {
          String by = kind.isEmpty() ? "service" : kind;
          String amount = Report.plain(sum.getValue());
          line(csv, report, budget.name(), by, sum.getKey(), amount, currency);
        }
      }
    }
    for (BudgetMonth unit : report.units()) {
      line(csv, report, "", "count", unit.name(), Report.plain(unit.spent()), "");
      report
          .totals()
          .forEach(
              (currency, micros) ->
                  line(csv, report, "", "each", unit.name(), Report.each(micros, unit), currency));
    }
    return csv.toString();
  }

  private static void line(StringBuilder csv, Report report, String... fields) {
    csv.append(report.month());
    for (String field : fields) {
      csv.append(',').append(quoted(field));
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
