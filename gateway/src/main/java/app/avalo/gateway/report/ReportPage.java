package app.avalo.gateway.report;

import app.avalo.gateway.filter.budget.view.BudgetMonth;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.YearMonth;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A report for people: one page without a script and without a word from elsewhere. */
public final class ReportPage {
  private static final String STYLE =
      """
      body{font:15px/1.45 system-ui,sans-serif;color:#1c1c1c;max-width:60rem;margin:2rem auto;padding:0 1rem}
      h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
      table{border-collapse:collapse;margin:.5rem 1.5rem .5rem 0}td,th{padding:.2rem .8rem .2rem 0;text-align:left}
      td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tr+tr td{border-top:1px solid #e4e4e4}
      .by{display:flex;flex-wrap:wrap;align-items:flex-start}svg{width:100%;max-width:40rem;font:10px system-ui,sans-serif}
      svg.share{width:7.5rem}.quiet{color:#555}
      """;

  /** What a browser may do with it: show it in its own style. */
  public static final String POLICY =
      "default-src 'none'; style-src 'sha256-"
          + digest(STYLE)
          + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private ReportPage() {}

  private static String digest(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  public static String of(Report report) {
    StringBuilder page = new StringBuilder(8192);
    String title = "Costs of " + report.month();
    page.append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.append("<meta name=\"viewport\" content=\"width=device-width\"><title>").append(title);
    page.append("</title><style>").append(STYLE).append("</style></head><body><h1>").append(title);
    page.append("</h1><p class=\"quiet\">Written ").append(escaped(report.written()));
    page.append(" by ").append(escaped(report.gateway())).append("; months in UTC.</p>");
    overview(page, report);
    units(page, report);
    int days = YearMonth.parse(report.month()).lengthOfMonth();
    report.budgets().forEach(budget -> budget(page, budget, days));
    return page.append("</body></html>\n").toString();
  }

  private static void overview(StringBuilder page, Report report) {
    page.append("<table><tr><th>budget<th class=\"n\">spent<th class=\"n\">amount<th>share</tr>");
    for (BudgetMonth budget : report.budgets()) {
      page.append("<tr><td>").append(escaped(title(budget)));
      number(page, Report.rounded(budget.spent(), budget.currency()));
      number(page, Report.rounded(budget.amount(), budget.currency()));
      page.append("<td>").append(Plot.share(budget.spent(), budget.amount())).append("</tr>");
    }
    report
        .totals()
        .forEach(
            (currency, micros) -> {
              page.append("<tr><td><b>total</b>");
              number(page, Report.rounded(micros, currency));
              page.append("<td><td></tr>");
            });
    page.append("</table>");
  }

  private static void units(StringBuilder page, Report report) {
    if (report.units().isEmpty()) {
      return;
    }
    page.append("<h2>What it was spent for</h2><table><tr><th>unit<th class=\"n\">count");
    page.append("<th class=\"n\">spent on each<th>by the budgets</tr>");
    for (UnitMonth unit : report.units()) {
      page.append("<tr><td>").append(escaped(unit.name()));
      part(page, unit.all());
      page.append("<td>").append(escaped(names(report, unit))).append("</tr>");
    }
    page.append("</table>");
    for (UnitMonth unit : report.units()) {
      page.append("<div class=\"by\">");
      UnitMonth.KINDS.forEach(kind -> parts(page, unit, kind));
      page.append("</div>");
    }
  }

  private static String names(Report report, UnitMonth unit) {
    return unit.budgets().equals(report.budgets())
        ? "all"
        : unit.budgets().stream().map(BudgetMonth::name).collect(Collectors.joining(", "));
  }

  private static void part(StringBuilder page, UnitMonth.Part part) {
    number(page, Report.grouped(part.count()));
    StringBuilder each = new StringBuilder();
    part.each()
        .forEach(
            (currency, price) -> each.append(price.isEmpty() ? "" : price + " " + currency + " "));
    number(page, each.toString().strip());
  }

  /** What was spent on each of a unit by service, region or tier. */
  private static void parts(StringBuilder page, UnitMonth unit, String kind) {
    Map<String, UnitMonth.Part> parts = unit.by(kind);
    if (parts.isEmpty()) {
      return;
    }
    page.append("<table><tr><th>").append(escaped(unit.name())).append(" by ");
    page.append(kind.isEmpty() ? "service" : kind);
    page.append("<th class=\"n\">count<th class=\"n\">spent on each</tr>");
    parts.forEach(
        (label, part) -> {
          page.append("<tr><td>").append(escaped(label));
          part(page, part);
          page.append("</tr>");
        });
    page.append("</table>");
  }

  private static String title(BudgetMonth budget) {
    return budget.removed() ? budget.name() + " (removed)" : budget.name();
  }

  private static void budget(StringBuilder page, BudgetMonth budget, int days) {
    String name = escaped(title(budget));
    Map<String, Long> byDay = budget.by("day");
    page.append("<h2>").append(name).append("</h2>");
    page.append(Plot.month(byDay, days, budget.amount(), "spent on " + name + " by day"));
    page.append("<p class=\"quiet\">").append(caption(budget, byDay)).append("</p>");
    page.append("<div class=\"by\">");
    for (String kind : List.of("", "region", "tier")) {
      table(page, budget, kind);
    }
    page.append("</div>");
  }

  /** What the bars and the line mean, and what they leave out. */
  private static String caption(BudgetMonth budget, Map<String, Long> byDay) {
    long most = byDay.values().stream().mapToLong(Long::longValue).max().orElse(0);
    long dated = byDay.values().stream().mapToLong(Long::longValue).sum();
    String text =
        "Bars: by day, "
            + Report.rounded(most, budget.currency())
            + " at most. Line: since the 1st.";
    long undated = budget.spent() - dated;
    return undated == 0
        ? text
        : text
            + " Imports and corrections are of no day: "
            + Report.rounded(undated, budget.currency())
            + ".";
  }

  private static void table(StringBuilder page, BudgetMonth budget, String kind) {
    Map<String, Long> sums = budget.by(kind);
    if (sums.isEmpty()) {
      return;
    }
    page.append("<table><tr><th>").append(kind.isEmpty() ? "service" : kind);
    page.append("<th class=\"n\">spent</tr>");
    sums.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .forEach(
            sum -> {
              page.append("<tr><td>").append(escaped(sum.getKey()));
              number(page, Report.rounded(sum.getValue(), budget.currency()));
              page.append("</tr>");
            });
    page.append("</table>");
  }

  private static void number(StringBuilder page, String text) {
    page.append("<td class=\"n\">").append(escaped(text));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
