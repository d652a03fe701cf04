package app.avalo.gateway.report;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.budget.BudgetDesk;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** Asks the ledger what months came to. Safe from every thread. */
public final class Reports {
  private final BudgetDesk desk;
  private final Ticker ticker;

  public Reports(BudgetDesk desk, Ticker ticker) {
    this.desk = desk;
    this.ticker = ticker;
  }

  /** The running month. */
  public YearMonth thisMonth() {
    return YearMonth.from(Instant.ofEpochMilli(ticker.epochMillis()).atOffset(ZoneOffset.UTC));
  }

  /**
   * The report of a month, with the budgets by the month of a plan, and then those that were
   * removed from it.
   */
  public Future<Report> of(Plan plan, YearMonth month) {
    List<Future<BudgetMonth>> budgets = new ArrayList<>();
    for (BudgetConfig budget : plan.config().budgets().values()) {
      if (budget.monthly()) {
        budgets.add(desk.month(budget, month.toString()));
      }
    }
    List<Future<BudgetMonth>> units = new ArrayList<>();
    for (BudgetConfig.Unit unit : plan.units()) {
      units.add(desk.month(unit.account(), month.toString()));
    }
    List<Future<?>> all = new ArrayList<>(budgets);
    all.addAll(units);
    Set<String> named = plan.config().budgets().keySet();
    Future<List<BudgetMonth>> removed = desk.removed(named, month.toString());
    all.add(removed);
    String written = Instant.ofEpochMilli(ticker.epochMillis()).toString();
    return Future.all(all)
        .map(
            done -> {
              List<BudgetMonth> known = new ArrayList<>(known(budgets));
              known.addAll(removed.result());
              return new Report(
                  month.toString(),
                  plan.config().name(),
                  written,
                  List.copyOf(known),
                  units(plan, known(units), known));
            });
  }

  private static List<UnitMonth> units(
      Plan plan, List<BudgetMonth> counted, List<BudgetMonth> budgets) {
    List<UnitMonth> units = new ArrayList<>();
    for (BudgetMonth unit : counted) {
      BudgetMonth named = named(unit);
      BudgetConfig.Unit config = plan.config().units().get(named.name());
      List<String> names = config == null ? List.of() : config.budgets();
      units.add(
          new UnitMonth(
              named,
              budgets.stream()
                  .filter(budget -> names.isEmpty() || names.contains(budget.name()))
                  .toList()));
    }
    return units;
  }

  private static List<BudgetMonth> known(List<Future<BudgetMonth>> months) {
    return months.stream().map(Future::result).filter(Objects::nonNull).toList();
  }

  private static BudgetMonth named(BudgetMonth unit) {
    return new BudgetMonth(
        unit.name().substring(BudgetConfig.Unit.PREFIX.length()),
        unit.currency(),
        unit.amount(),
        unit.spent(),
        unit.sums());
  }
}
