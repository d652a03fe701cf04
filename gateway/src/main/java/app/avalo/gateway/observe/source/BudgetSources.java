package app.avalo.gateway.observe.source;

import static app.avalo.gateway.observe.SourceMetric.BUDGET_AMOUNT;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_DECISIONS;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_FORECAST;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_LEDGER_FAILING;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_LEVEL;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_NOTICES;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_PAUSES;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_PLAN;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_REPEATS;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_SHARE;
import static app.avalo.gateway.observe.SourceMetric.BUDGET_SPENT;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.observe.MetricSources;
import app.avalo.gateway.observe.MetricSources.Sample;
import app.avalo.gateway.observe.SourceMetric;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Connects budgets with their metrics; a scrape looks at each once. Of a budget that each has for
 * itself only decisions are shown, of all purses together: one purse that is used up is its owner's
 * affair, and nobody's alert.
 */
public final class BudgetSources {
  private final BudgetLedger ledger;
  private final Supplier<Plan> plan;

  /**
   * Sources of the budgets of a plan.
   *
   * @param plan in force
   */
  public BudgetSources(BudgetLedger ledger, Supplier<Plan> plan) {
    this.ledger = ledger;
    this.plan = plan;
  }

  /** From now on they show. */
  public void connect(MetricSources sources) {
    sources.together(this::look);
    sources.value(BUDGET_LEDGER_FAILING, () -> ledger.failing() ? 1 : 0);
  }

  private Map<SourceMetric, List<Sample>> look() {
    Plan running = plan.get();
    Map<SourceMetric, List<Sample>> samples = new EnumMap<>(SourceMetric.class);
    for (BudgetConfig budget : running.config().budgets().values()) {
      String name = budget.name();
      if (budget.per() == null) {
        look(budget, ledger.view(budget), samples);
      }
      BudgetView.Counts counts = ledger.counts(budget);
      add(samples, BUDGET_DECISIONS, counts.admitted(), name, "admitted");
      add(samples, BUDGET_DECISIONS, counts.diverted(), name, "cheaper");
      add(samples, BUDGET_DECISIONS, counts.paced(), name, "paced");
      add(samples, BUDGET_DECISIONS, counts.refused(), name, "refused");
      add(samples, BUDGET_REPEATS, counts.repeated(), name, "known");
      add(samples, BUDGET_REPEATS, counts.forgotten(), name, "forgotten");
    }
    return samples;
  }

  private void look(BudgetConfig budget, BudgetView view, Map<SourceMetric, List<Sample>> samples) {
    String name = view.name();
    double forecast = (double) view.forecast().spent() / Math.max(1, view.amount());
    add(samples, BUDGET_SPENT, view.share(), name);
    add(samples, BUDGET_AMOUNT, view.amount() / 1e6, name, view.currency());
    add(samples, BUDGET_LEVEL, view.level().ordinal(), name);
    add(samples, BUDGET_FORECAST, forecast, name);
    add(samples, BUDGET_PLAN, view.forecast().course(), name);
    add(samples, BUDGET_SHARE, view.criticalShare(), name, "critical");
    add(samples, BUDGET_SHARE, view.admittedShare(), name, "normal");
    for (Notice.Kind kind : Notice.Kind.values()) {
      add(samples, BUDGET_NOTICES, ledger.told(budget, kind), name, kind.label());
    }
    Spenders spenders = budget.abuse() == null ? null : ledger.desk().spenders(name);
    if (spenders != null) {
      add(samples, BUDGET_PAUSES, spenders.pauses(), name);
    }
  }

  private static void add(
      Map<SourceMetric, List<Sample>> samples,
      SourceMetric metric,
      double value,
      String... labels) {
    samples.computeIfAbsent(metric, first -> new ArrayList<>()).add(Sample.of(value, labels));
  }
}
