package app.avalo.gateway.report;

import app.avalo.gateway.filter.budget.view.BudgetMonth;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a month's money was spent for: how many were counted, and what was spent on each.
 *
 * @param counted a million micro-units for one, by service, region and tier as far as known
 * @param budgets whose spending is divided by it
 */
public record UnitMonth(BudgetMonth counted, List<BudgetMonth> budgets) {

  /** By what it is told apart; {@code ""} for services. */
  static final List<String> KINDS = List.of("", "region", "tier");

  /**
   * Counts, and what the budgets spent for them.
   *
   * @param count a million for one
   * @param spent micro-units by currency
   */
  record Part(long count, Map<String, Long> spent) {
    /** The price of one by currency, {@code 0.0312}, or nothing when none were counted. */
    Map<String, String> each() {
      Map<String, String> each = new TreeMap<>();
      spent.forEach((currency, micros) -> each.put(currency, count <= 0 ? "" : one(micros)));
      return each;
    }

    private String one(long micros) {
      return BigDecimal.valueOf(micros)
          .divide(BigDecimal.valueOf(count), 6, RoundingMode.HALF_UP)
          .stripTrailingZeros()
          .toPlainString();
    }
  }

  String name() {
    return counted.name();
  }

  Part all() {
    return new Part(counted.spent(), Report.totals(budgets));
  }

  /**
   * Services, regions or tiers with what was counted for each and spent on it; only those for which
   * anything was.
   */
  Map<String, Part> by(String kind) {
    Map<String, Part> parts = new TreeMap<>();
    counted
        .by(kind)
        .forEach(
            (label, count) -> {
              if (count > 0) {
                parts.put(label, new Part(count, spent(kind, label)));
              }
            });
    return parts;
  }

  private Map<String, Long> spent(String kind, String label) {
    Map<String, Long> spent = new TreeMap<>();
    for (BudgetMonth budget : budgets) {
      spent.merge(budget.currency(), budget.by(kind).getOrDefault(label, 0L), Long::sum);
    }
    return spent;
  }
}
