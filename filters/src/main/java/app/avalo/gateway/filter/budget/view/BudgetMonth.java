package app.avalo.gateway.filter.budget.view;

import java.util.Map;

/**
 * What a calendar month came to, or has come to so far; amounts in micro-units.
 *
 * @param name of the budget or unit
 * @param currency ISO 4217 code; {@code XXX} for counts, a million micro-units each
 * @param amount that could be spent, raises included
 * @param spent by all replicas, corrections included
 * @param sums spent by service ({@code ai}), region ({@code region:eu}), tier ({@code tier:vip})
 *     and day of the month ({@code day:28}); corrections are of no region, tier or day
 * @param removed whether no configuration has it any more; then a restart may have forgotten the
 *     amount, and it is 0 but for raises
 */
public record BudgetMonth(
    String name,
    String currency,
    long amount,
    long spent,
    Map<String, Long> sums,
    boolean removed) {

  /** Of a budget that is configured. */
  public BudgetMonth(
      String name, String currency, long amount, long spent, Map<String, Long> sums) {
    this(name, currency, amount, spent, sums, false);
  }

  /** As it is once its budget is gone. */
  public BudgetMonth gone() {
    return new BudgetMonth(name, currency, amount, spent, sums, true);
  }

  /** The sums of one kind, without its prefix; {@code ""} for services. */
  public Map<String, Long> by(String kind) {
    Map<String, Long> of = new java.util.TreeMap<>();
    sums.forEach(
        (label, micros) -> {
          int colon = label.indexOf(':');
          String prefix = colon < 0 ? "" : label.substring(0, colon);
          if (prefix.equals(kind)) {
            of.put(label.substring(colon + 1), micros);
          }
        });
    return of;
  }
}
