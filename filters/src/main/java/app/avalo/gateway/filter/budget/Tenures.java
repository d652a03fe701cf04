package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Period;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.journal.Sheet;
import app.avalo.gateway.filter.budget.term.Orders;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.budget.term.Term;
import app.avalo.gateway.filter.budget.view.BudgetView.Counts;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The periods of an account that are known, by their keys. Guarded by the account. */
final class Tenures {
  /** Periods that are over and remembered, because of holds that outlived them. */
  private static final int OVER = 3;

  /** How long an order holds at most. */
  static final Duration LONGEST_ORDER = Duration.ofDays(31);

  private final String budget;
  private final Journal journal;
  private final Map<String, Tenure> all = new LinkedHashMap<>();
  private final Set<String> evicted = new HashSet<>();
  private Counts counted = Counts.NONE; // in those that are forgotten

  /** A period and, among replicas, what keeps its lease. */
  record Tenure(Term term, @Nullable LeaseKeeper keeper) {}

  Tenures(String budget, Journal journal) {
    this.budget = budget;
    this.journal = journal;
  }

  @Nullable Tenure get(String key) {
    return all.get(key);
  }

  /**
   * Forgets all but the last few of the periods that are over; a reload may come back to others.
   */
  void add(Tenure tenure) {
    Span span = tenure.term().span;
    List<String> over = new ArrayList<>();
    all.forEach(
        (key, each) -> {
          if (each.term().span.endMillis() <= span.startMillis()) {
            over.add(key);
          }
        });
    for (String key : over.subList(0, Math.max(0, over.size() - OVER))) {
      Term forgotten = all.remove(key).term();
      forgotten.end(forgotten.used());
      counted = counted.plus(forgotten.counts());
      evicted.add(key);
    }
    all.put(span.key(), tenure);
  }

  /**
   * Orders hold beyond their period, until their time.
   *
   * @param over the period before, or null for what the ledger on disk says of those before
   */
  void carry(BudgetConfig config, @Nullable Term over, Tenure into) {
    Term next = into.term();
    for (String what : List.of(Orders.FREEZE, Orders.FREE)) {
      long given = over == null ? ordered(config, next.span, what) : over.orders.until(what);
      long until = given > next.span.startMillis() ? given : 0;
      if (until != next.orders.until(what)) {
        next.order(what, until);
        if (into.keeper() == null) {
          write(journal, config, next.span, next.span.startMillis(), what, "goes on", until);
        }
      }
    }
  }

  /**
   * Writes an order down for the running period, and for the day or month that would be it by
   * another configuration.
   */
  static void write(
      Journal journal,
      BudgetConfig config,
      Span running,
      long nowMillis,
      String what,
      String note,
      long untilMillis) {
    for (Period period : Period.values()) {
      Span span = period == config.period() ? running : Span.of(config, period, nowMillis);
      journal.append(
          new Entry(Entry.Kind.ORDER, what, config.name(), span.key(), note, untilMillis));
    }
  }

  /** The latest order of this kind on disk. */
  private long ordered(BudgetConfig config, Span last, String what) {
    long since = last.startMillis() - LONGEST_ORDER.toMillis();
    for (Span span = last; span.endMillis() > since; span = span.before(config)) {
      Sheet sheet = journal.recovered(budget, span.key());
      Entry order = sheet == null ? null : sheet.orders().get(what);
      if (order != null) {
        return order.micros();
      }
    }
    return 0;
  }

  /** Requests of all periods since this process began. */
  Counts counts() {
    Counts sum = counted;
    for (Tenure each : all.values()) {
      sum = sum.plus(each.term().counts());
    }
    return sum;
  }

  /** What was on disk of a period in which this process spent nothing, or null. */
  @Nullable Sheet recovered(String key) {
    return evicted.contains(key) ? null : journal.recovered(budget, key);
  }

  /** Whether a correction of this id counts in a period of this process, or in one of these. */
  boolean isCorrectedBy(String id, List<Span> others) {
    for (Tenure each : all.values()) {
      if (each.term().isCorrectedBy(id)) {
        return true;
      }
    }
    for (Span each : others) {
      Sheet sheet = recovered(each.key());
      if (sheet != null && sheet.corrections().containsKey(id)) {
        return true;
      }
    }
    return false;
  }

  /** Whether nothing is leased, and all that was spent is stated. */
  boolean rest() {
    return all.values().stream()
        .map(Tenure::keeper)
        .allMatch(keeper -> keeper == null || keeper.rests());
  }

  /** States all of it and gives back what is leased, as the process ends. */
  Future<?> leave() {
    return Future.join(
        all.values().stream()
            .map(Tenure::keeper)
            .filter(Objects::nonNull)
            .map(LeaseKeeper::leave)
            .toList());
  }

  void end() {
    all.values().forEach(tenure -> tenure.term().end(tenure.term().used()));
  }
}
