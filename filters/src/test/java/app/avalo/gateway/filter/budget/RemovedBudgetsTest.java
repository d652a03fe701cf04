package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.done;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Scope;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.time.VirtualTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is known of the months of budgets that no configuration has any more. */
class RemovedBudgetsTest {
  private static final ServiceConfig AI = BudgetSample.service("ai", Priority.NORMAL);

  private final VirtualTime time = new VirtualTime(); // 21 November
  private final BudgetConfig kept = budget("kept", 1_000_000, flat(1_000));
  private final BudgetConfig old = budget("old", 1_000_000, flat(1_000));
  private BudgetLedger ledger;

  private static Plan plan(BudgetConfig... budgets) {
    Plans plans = Plans.minimal().service(AI);
    for (BudgetConfig budget : budgets) {
      plans.budget(budget);
    }
    return plans.compile();
  }

  private void start(Journal journal, BudgetConfig... budgets) {
    ledger = BudgetLedger.alone(time, journal, BudgetListener.NONE);
    ledger.configure(plan(budgets));
  }

  private void spend(BudgetConfig budget, long cost) {
    Hold hold = (Hold) ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    ledger.settle(hold, new long[] {cost}, ledger.nowMillis());
  }

  private List<BudgetMonth> removed(String month) {
    return done(ledger.desk().removed(Set.of("kept"), month));
  }

  @Test
  void aReloadThatRemovesOneLeavesWhatItSpent() {
    BudgetConfig unspent = budget("unspent", 1_000_000, flat(1_000));
    BudgetConfig daily = BudgetSample.daily(budget("daily", 1_000_000, flat(1_000)));
    BudgetConfig each = BudgetSample.each(budget("each", 1_000_000, flat(1_000)), Scope.USER);
    start(Journal.NONE, kept, old, unspent, daily, each);
    spend(kept, 10);
    spend(old, 700);
    spend(daily, 20);
    spend(ledger.purses().open(each, "alice"), 30);
    done(ledger.desk().correct("old", new Correction("c", false, "ai", 50, "eva", "bill")));
    assertThat(done(ledger.desk().removed(Set.of("kept", "old"), "2026-11"))).isEmpty();

    ledger.configure(plan(kept));

    BudgetMonth month = removed("2026-11").get(0);
    assertThat(removed("2026-11")).hasSize(1);
    assertThat(month.removed()).isTrue();
    assertThat(month.name()).isEqualTo("old");
    assertThat(month.amount()).isEqualTo(1_000_000);
    assertThat(month.spent()).isEqualTo(750);
    assertThat(month.by("")).isEqualTo(Map.of("ai", 750L));
    assertThat(removed("2026-10")).isEmpty();
    time.advance(Duration.ofDays(12));
    assertThat(removed("2026-11")).containsExactly(month);
    assertThat(removed("2026-12")).isEmpty();
  }

  @Test
  void soDoesARestartWithoutIt(@TempDir Path directory) throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      start(journal, kept, old);
      spend(kept, 10);
      spend(old, 700);
      done(ledger.desk().correct("old", new Correction("c", false, "ai", 50, "eva", "bill")));
      done(ledger.desk().correct("old", new Correction("r", true, "", 9, "eva", "more")));
    }
    time.advance(Duration.ofDays(12));
    try (FileJournal journal = FileJournal.open(directory)) {
      start(journal, kept);

      BudgetMonth month = removed("2026-11").get(0);

      assertThat(month.removed()).isTrue();
      assertThat(month.name() + ' ' + month.currency()).isEqualTo("old PLN");
      assertThat(month.amount()).as("but for raises nobody knows it").isEqualTo(9);
      assertThat(month.spent()).isEqualTo(750);
      assertThat(month.by("")).isEqualTo(Map.of("ai", 750L));
      assertThat(month.by("tier")).isEqualTo(Map.of("vip", 700L));
    }
  }
}
