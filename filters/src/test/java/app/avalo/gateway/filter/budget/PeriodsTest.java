package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.daily;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a budget knows of its periods as they end, and as a reload changes them. */
class PeriodsTest {
  private static final ServiceConfig AI = BudgetSample.service("ai", Priority.NORMAL);

  private final BudgetConfig monthly = budget("ai", 1_000_000, flat(1_000));
  private final VirtualTime time = new VirtualTime(); // 21 November
  private BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);

  private static Plan plan(BudgetConfig budget) {
    return Plans.minimal().service(AI).budget(budget).compile();
  }

  private BudgetView view(BudgetConfig budget) {
    return ledger.view(plan(budget)).get(0);
  }

  private void spend(BudgetConfig budget, long cost) {
    Hold hold = (Hold) ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    ledger.settle(hold, new long[] {cost}, ledger.nowMillis());
  }

  @Test
  void aReloadBackToAPeriodThatStillRunsFindsWhatWasSpentInIt() {
    ledger.configure(plan(monthly));
    spend(monthly, 700);
    ledger.configure(plan(daily(monthly)));
    for (int day = 0; day < 5; day++) {
      spend(daily(monthly), 1);
      time.advance(Duration.ofDays(1));
    }

    ledger.configure(plan(monthly));

    assertThat(view(monthly).spent()).isEqualTo(700);
  }
}
