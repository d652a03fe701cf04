package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.daily;
import static app.avalo.gateway.filter.budget.BudgetSample.done;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetDesk.Order;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
  void aClockThatWasAheadForAWhileLeavesTheMonthAsItWas() {
    ledger.configure(plan(monthly));
    spend(monthly, 700);
    time.advance(Duration.ofDays(20));
    spend(monthly, 50);

    time.advance(Duration.ofDays(-20));

    assertThat(view(monthly).spent()).isEqualTo(700);
    spend(monthly, 30);
    assertThat(view(monthly).spent()).isEqualTo(730);
    time.advance(Duration.ofDays(20));
    assertThat(view(monthly).spent()).isEqualTo(50);
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

  private Future<Boolean> cost(String period, String id, long micros) {
    Correction cost = new Correction(id, false, "ai", micros, "eva", "GPU hours");
    return ledger.desk().correct("ai", period, cost);
  }

  private void start(Journal journal) {
    ledger = BudgetLedger.alone(time, journal, BudgetListener.NONE);
    ledger.configure(plan(monthly));
  }

  private long spentInNovember() {
    return ledger.desk().month(monthly, "2026-11").result().spent();
  }

  @Test
  void aCorrectionRepeatedInTheNextPeriodIsKnownAfterARestartToo(@TempDir Path directory)
      throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      start(journal);
      assertThat(done(cost(null, "inv-7", 500))).isTrue();
      time.advance(Duration.ofDays(12)); // 3 December

      assertThat(done(cost(null, "inv-7", 500))).isFalse();
      assertThat(view(monthly).spent()).isZero();
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      start(journal);

      assertThat(done(cost(null, "inv-7", 500))).isFalse();
      assertThat(view(monthly).spent()).isZero();
    }
  }

  @Test
  void anInvoiceOfDecemberIsBookedToNovemberOnce(@TempDir Path directory) throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      start(journal);
      spend(monthly, 700);
    }
    time.advance(Duration.ofDays(12)); // 3 December
    try (FileJournal journal = FileJournal.open(directory)) {
      start(journal);
      spend(monthly, 40);

      assertThat(done(cost("2026-11", "inv-8", 500))).isTrue();
      assertThat(done(cost("2026-11", "inv-8", 500))).isFalse();
      assertThat(done(cost(null, "inv-8", 500))).isFalse();
      assertThat(done(cost("2026-12", "inv-9", 1))).isTrue();
      assertThat(done(cost("2026-11", "inv-9", 1))).isFalse();
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      start(journal);

      assertThat(done(cost("2026-11", "inv-8", 500))).isFalse();
      assertThat(spentInNovember()).isEqualTo(1_200);
      assertThat(view(monthly).spent()).isEqualTo(41);
    }
  }

  @Test
  void costsAreBookedToNoPeriodThatNobodyKnows() {
    start(Journal.NONE);
    for (String period : List.of("2026-10", "2026-12", "2026-13", "2026-11-21", "november")) {
      Future<Boolean> refused = cost(period, "inv", 500);

      assertThat(refused.cause())
          .as(period)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(period);
    }
    assertThat(view(monthly).spent()).isZero();
  }

  @Test
  void anOrderHoldsIntoTheNextPeriodForAMonthAtMost() {
    BudgetConfig daily = daily(monthly);
    ledger.configure(plan(daily));
    long until = time.epochMillis() + Duration.ofHours(48).toMillis();

    Future<Long> holds = ledger.desk().order("ai", new Order(true, until, "eva", "odd bill"));

    assertThat(done(holds)).isEqualTo(until).isGreaterThan(view(daily).periodEnd());
    time.advance(Duration.ofHours(47));
    assertThat(view(daily).frozenUntil()).isEqualTo(until);
    long year = time.epochMillis() + Duration.ofDays(365).toMillis();
    long month = time.epochMillis() + Duration.ofDays(31).toMillis();
    assertThat(done(ledger.desk().order("ai", new Order(true, year, "eva", "odd bill"))))
        .isEqualTo(month);
  }
}
