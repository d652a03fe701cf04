package app.avalo.gateway.report;

import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a month came to.
 *
 * @param month {@code 2026-11}
 * @param gateway who wrote it
 * @param written when, RFC 3339
 * @param budgets of the month, in the order of the file; then those that were removed from it
 * @param units what the money was spent for, in the order of the file
 */
public record Report(
    String month,
    String gateway,
    String written,
    List<BudgetMonth> budgets,
    List<UnitMonth> units) {

  /** Spent in micro-units, by currency. */
  Map<String, Long> totals() {
    return totals(budgets);
  }

  static Map<String, Long> totals(List<BudgetMonth> budgets) {
    Map<String, Long> totals = new TreeMap<>();
    for (BudgetMonth budget : budgets) {
      totals.merge(budget.currency(), budget.spent(), Long::sum);
    }
    return totals;
  }

  /** A count or an amount without its currency. */
  static String plain(long micros) {
    return BigDecimal.valueOf(micros, 6).stripTrailingZeros().toPlainString();
  }

  /** A count for people. */
  static String grouped(long micros) {
    return new DecimalFormat("#,##0.######", DecimalFormatSymbols.getInstance(Locale.ROOT))
        .format(BigDecimal.valueOf(micros, 6));
  }

  /** An amount for people: two decimals. */
  static String rounded(long micros, String currency) {
    BigDecimal units = BigDecimal.valueOf(micros, 6).setScale(2, RoundingMode.HALF_UP);
    return String.format(Locale.ROOT, "%,.2f %s", units, currency);
  }

  /** Exact, as everywhere else. */
  static String exact(long micros, String currency) {
    return new Money(micros, currency).toString();
  }
}
