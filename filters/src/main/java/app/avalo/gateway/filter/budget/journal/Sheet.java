package app.avalo.gateway.filter.budget.journal;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What one budget spent in one period. Confined to whoever owns the book. */
public final class Sheet {
  final Map<String, Long> totals = new LinkedHashMap<>();
  final Map<String, Entry> corrections = new LinkedHashMap<>();
  final Map<String, Entry> orders = new LinkedHashMap<>();
  final Set<String> told = new LinkedHashSet<>();

  Sheet() {}

  Sheet(Sheet other) {
    totals.putAll(other.totals);
    corrections.putAll(other.corrections);
    orders.putAll(other.orders);
    told.addAll(other.told);
  }

  /** The latest of each kind, by its name. */
  public Map<String, Entry> orders() {
    return orders;
  }

  /** Micro-units by service, and by region, tier and day; corrections not included. */
  public Map<String, Long> totals() {
    return totals;
  }

  /** By id, in the order made: adjustments of the money spent and raises of the amount. */
  public Map<String, Entry> corrections() {
    return corrections;
  }

  /** Keys of what operators were told. */
  public Set<String> told() {
    return told;
  }

  /** Micro-units spent by label, imported costs by their service. */
  public Map<String, Long> sums() {
    Map<String, Long> sums = new LinkedHashMap<>(totals);
    for (Entry correction : corrections.values()) {
      if (correction.kind() == Entry.Kind.IMPORT) {
        sums.merge(correction.service(), correction.micros(), Long::sum);
      }
    }
    return sums;
  }

  /** Micro-units added to the amount. */
  public long raised() {
    long raised = 0;
    for (Entry correction : corrections.values()) {
      raised += correction.kind() == Entry.Kind.RAISE ? correction.micros() : 0;
    }
    return raised;
  }

  /** Micro-units spent, corrections included. */
  public long spent() {
    long sum = 0;
    for (Map.Entry<String, Long> total : totals.entrySet()) {
      // The other labels are the same money, seen otherwise.
      sum += total.getKey().indexOf(':') < 0 ? total.getValue() : 0;
    }
    for (Entry correction : corrections.values()) {
      sum += correction.kind() == Entry.Kind.RAISE ? 0 : correction.micros();
    }
    return sum;
  }
}
