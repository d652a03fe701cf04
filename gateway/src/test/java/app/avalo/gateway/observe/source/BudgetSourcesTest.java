package app.avalo.gateway.observe.source;

import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Scope;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.BudgetSample;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.observe.MetricSources;
import app.avalo.gateway.observe.MetricsPage;
import app.avalo.gateway.observe.RequestMetrics;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BudgetSourcesTest {
  private static final BudgetConfig AI = BudgetSample.budget("ai", 10_000, flat(1_000));
  private static final BudgetConfig USERS =
      BudgetSample.each(BudgetSample.budget("users", 10_000, flat(1_000)), Scope.USER);

  private final Plan plan =
      Plans.minimal()
          .service(Plans.service("ai", null))
          .service(Plans.service("chat", null))
          .service(Plans.service("panic", null))
          .budget(AI)
          .budget(USERS)
          .compile();
  private final VirtualTime time = new VirtualTime();
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);
  private final AtomicInteger looks = new AtomicInteger();
  private final MetricSources sources = new MetricSources();

  private Plan look() {
    looks.incrementAndGet();
    return plan;
  }

  private String page() {
    try (MetricsPage page = new MetricsPage(new RequestMetrics(), sources)) {
      return page.render(null).body().toString();
    }
  }

  @Test
  void whatOneUserSpendsIsNoLevelAndRaisesNoAlert() {
    ledger.configure(plan);
    new BudgetSources(ledger, this::look).connect(sources);
    ledger.purses().open(USERS, "alice");
    Correction all = new Correction("c", false, "", 10_000, "eva", "used up");

    ledger.desk().correct("users@alice", all);

    assertThat(page())
        .contains("gateway_budget_level{budget=\"ai\"} 0.0")
        .contains("gateway_budget_decisions_total{budget=\"users\",decision=\"refused\"} 0.0")
        .doesNotContain("_level{budget=\"users\"", "_ratio{budget=\"users\"");
  }

  @Test
  void whatIsToldIsCountedByKindFromZeroOn() {
    ledger.configure(plan);
    new BudgetSources(ledger, this::look).connect(sources);
    time.advance(Duration.ofDays(5));

    ledger.desk().correct("ai", new Correction("c", false, "", 7_500, "eva", "invoice"));

    String notices = "gateway_budget_notices_total{budget=\"ai\",kind=\"";
    assertThat(page())
        .contains(notices + "alert\"} 1.0")
        .contains(notices + "throttle\"} 0.0")
        .contains(notices + "anomaly\"} 0.0")
        .containsPattern("gateway_budget_plan_ratio\\{budget=\"ai\"} 0\\.[1-9]");
  }

  @Test
  void aScrapeLooksAtBudgetsOnceForAllTheirMetrics() {
    ledger.configure(plan);
    new BudgetSources(ledger, this::look).connect(sources);

    assertThat(page()).contains("gateway_budget_ledger_failing 0.0");

    assertThat(looks).hasValue(1);
  }
}
