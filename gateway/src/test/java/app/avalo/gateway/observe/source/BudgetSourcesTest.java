package app.avalo.gateway.observe.source;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.observe.MetricSources;
import app.avalo.gateway.observe.MetricsPage;
import app.avalo.gateway.observe.RequestMetrics;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BudgetSourcesTest {
  private final Plan plan = Plans.minimal().compile();
  private final BudgetLedger ledger =
      BudgetLedger.alone(new VirtualTime(), Journal.NONE, BudgetListener.NONE);
  private final AtomicInteger looks = new AtomicInteger();
  private final MetricSources sources = new MetricSources();

  private Plan look() {
    looks.incrementAndGet();
    return plan;
  }

  @Test
  void aScrapeLooksAtBudgetsOnceForAllTheirMetrics() {
    ledger.configure(plan);
    new BudgetSources(ledger, this::look).connect(sources);

    try (MetricsPage page = new MetricsPage(new RequestMetrics(), sources)) {
      assertThat(page.render(null).body().toString()).contains("gateway_budget_ledger_failing 0.0");
    }

    assertThat(looks).hasValue(1);
  }
}
