package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.done;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import app.avalo.gateway.filter.time.VirtualTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators order of a budget and import into it, and the month that comes of it. */
class BudgetOrdersTest {
  private static final ServiceConfig AI = BudgetSample.service("ai", Priority.NORMAL);
  private static final ServiceConfig CHAT = BudgetSample.service("chat", Priority.CRITICAL);
  private static final ServiceConfig PANIC = BudgetSample.service("panic", Priority.CRITICAL);

  private final VirtualTime time = new VirtualTime();
  private final List<Kind> told = Collections.synchronizedList(new ArrayList<>());
  private BudgetLedger ledger = alone(Journal.NONE);

  private BudgetLedger alone(Journal journal) {
    return BudgetLedger.alone(time, journal, BudgetSample.heard(told));
  }

  private static Plan plan(BudgetConfig... budgets) {
    Plans plans = Plans.minimal().service(AI).service(CHAT).service(PANIC);
    for (BudgetConfig budget : budgets) {
      plans.budget(budget);
    }
    return plans.compile();
  }

  private BudgetView view(BudgetConfig budget) {
    return ledger.view(plan(budget)).get(0);
  }

  private boolean spend(BudgetConfig budget, ServiceConfig service, long cost) {
    if (ledger.reserve(BudgetSample.ask(List.of(budget), service)) instanceof Hold hold) {
      ledger.settle(hold, new long[] {cost}, ledger.nowMillis());
      return true;
    }
    return false;
  }

  private int admitted(BudgetConfig budget, ServiceConfig service, int requests) {
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      passed += spend(budget, service, 0) ? 1 : 0;
    }
    return passed;
  }

  private void assertMonth(BudgetMonth month) {
    assertThat(month.spent()).isEqualTo(700);
    assertThat(month.by("")).containsExactly(java.util.Map.entry("ai", 700L));
    assertThat(month.by("region")).containsExactly(java.util.Map.entry("eu", 700L));
    assertThat(month.by("tier")).containsExactly(java.util.Map.entry("vip", 700L));
    assertThat(month.by("day")).hasSize(1).containsValue(700L);
  }

  @Test
  void aFrozenBudgetLetsOnlyFloorsPassUntilThen() {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    ledger.configure(plan(budget));
    assertThat(admitted(budget, AI, 1)).isEqualTo(1);
    long until = time.epochMillis() + 60_000;

    done(ledger.desk().order("ai", new BudgetDesk.Order(true, until, "eva", "odd bill")));

    assertThat(admitted(budget, AI, 5)).isZero();
    assertThat(admitted(budget, CHAT, 5)).isZero();
    assertThat(admitted(budget, PANIC, 5)).isEqualTo(5);
    Refused refused = (Refused) ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    assertThat(refused.error(time.epochMillis()).detail())
        .isEqualTo(
            "The budget ai is frozen by an operator until "
                + java.time.Instant.ofEpochMilli(until)
                + ".");
    assertThat(refused.error(time.epochMillis()).retryAfterSeconds()).isEqualTo(60);
    time.advance(Duration.ofSeconds(61));
    assertThat(admitted(budget, AI, 5)).isEqualTo(5);
  }

  @Test
  void anOrderToSlowNobodyHoldsUntilThenAndKeepsTheHardStop() {
    BudgetConfig budget = budget("ai", 100_000, flat(1_000));
    ledger.configure(plan(budget));
    spend(budget, CHAT, 85_000);
    assertThat(admitted(budget, AI, 4)).isLessThan(4);
    long until = time.epochMillis() + 60_000;

    done(ledger.desk().order("ai", new BudgetDesk.Order(false, until, "eva", "campaign")));

    assertThat(admitted(budget, AI, 10)).isEqualTo(10);
    spend(budget, CHAT, 15_000);
    assertThat(admitted(budget, AI, 1)).as("the amount").isZero();
    done(ledger.desk().order("ai", new BudgetDesk.Order(false, 0, "eva", "over")));
    assertThat(view(budget).freeUntil()).isZero();
  }

  @Test
  void ordersAndImportedCostsSurviveARestart(@TempDir Path directory) throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    long until = time.epochMillis() + 600_000;
    Correction cost = new Correction("inv-1", false, "ai", 250_000, "eva", "invoice");
    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);
      ledger.configure(plan(budget));
      done(ledger.desk().order("ai", new BudgetDesk.Order(true, until, "eva", "odd bill")));
      assertThat(done(ledger.desk().correct("ai", cost))).isTrue();
      assertThat(done(ledger.desk().correct("ai", cost))).isFalse();
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);
      ledger.configure(plan(budget));

      assertThat(view(budget).spent()).isEqualTo(250_000);
      assertThat(view(budget).byService()).containsEntry("ai", 250_000L);
      assertThat(view(budget).frozenUntil()).isEqualTo(until);
      assertThat(done(ledger.desk().correct("ai", cost))).isFalse();
    }
  }

  private void restart(FileJournal journal, BudgetConfig budget) {
    ledger = alone(journal);
    ledger.configure(plan(budget));
  }

  @Test
  void anOrderHoldsInTheNextPeriodTooThroughRestarts(@TempDir Path directory) throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    time.advance(Duration.ofDays(9).plusHours(23)); // an hour before December
    long until = time.epochMillis() + Duration.ofHours(4).toMillis();
    try (FileJournal journal = FileJournal.open(directory)) {
      restart(journal, budget);
      BudgetDesk.Order freeze = new BudgetDesk.Order(true, until, "eva", "odd bill");
      assertThat(done(ledger.desk().order("ai", freeze))).isEqualTo(until);
    }
    time.advance(Duration.ofHours(2));
    try (FileJournal journal = FileJournal.open(directory)) {
      restart(journal, budget);
      assertThat(admitted(budget, AI, 1)).as("after a restart in December").isZero();
      assertThat(view(budget).frozenUntil()).isEqualTo(until);
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      restart(journal, budget);
      assertThat(admitted(budget, AI, 1)).as("and another one").isZero();
      done(ledger.desk().order("ai", new BudgetDesk.Order(true, 0, "eva", "fine")));
      assertThat(admitted(budget, AI, 1)).isEqualTo(1);
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      restart(journal, budget);
      assertThat(admitted(budget, AI, 1)).as("lifted for good").isEqualTo(1);
    }
  }

  @Test
  void anOrderHoldsThroughPeriodsThatNobodySawBegin(@TempDir Path directory) throws Exception {
    BudgetConfig budget = BudgetSample.daily(budget("ai", 1_000_000, flat(1_000)));
    long until = time.epochMillis() + Duration.ofDays(6).toMillis();
    try (FileJournal journal = FileJournal.open(directory)) {
      restart(journal, budget);
      done(ledger.desk().order("ai", new BudgetDesk.Order(true, until, "eva", "holidays")));
      time.advance(Duration.ofDays(2));
      assertThat(admitted(budget, AI, 1)).as("without a restart").isZero();
    }
    time.advance(Duration.ofDays(3).plusHours(1));
    try (FileJournal journal = FileJournal.open(directory)) {
      restart(journal, budget);
      assertThat(admitted(budget, AI, 1)).as("days later").isZero();
      time.advance(Duration.ofHours(23));
      assertThat(admitted(budget, AI, 1)).as("its time is over").isEqualTo(1);
      BudgetDesk.Order ever = new BudgetDesk.Order(true, Long.MAX_VALUE, "eva", "for ever");
      assertThat(done(ledger.desk().order("ai", ever)))
          .isEqualTo(time.epochMillis() + Duration.ofDays(31).toMillis());
    }
  }

  @Test
  void anOrderOutlivesARestartThatMakesDaysOfMonthsAndBack(@TempDir Path directory)
      throws Exception {
    BudgetConfig monthly = budget("ai", 1_000_000, flat(1_000));
    BudgetConfig daily = BudgetSample.daily(monthly);
    long until = time.epochMillis() + Duration.ofDays(20).toMillis();
    try (FileJournal journal = FileJournal.open(directory)) {
      restart(journal, monthly);
      done(ledger.desk().order("ai", new BudgetDesk.Order(true, until, "eva", "odd bill")));
    }
    for (int days = 0; days < 15; days += 3) { // into December
      BudgetConfig next = days % 2 == 0 ? daily : monthly;
      time.advance(Duration.ofDays(3));
      try (FileJournal journal = FileJournal.open(directory)) {
        restart(journal, next);
        assertThat(admitted(next, AI, 1)).as("after %d days", days).isZero();
        assertThat(view(next).frozenUntil()).isEqualTo(until);
      }
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      restart(journal, daily);
      done(ledger.desk().order("ai", new BudgetDesk.Order(true, 0, "eva", "fine")));
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      restart(journal, monthly);
      assertThat(admitted(monthly, AI, 1)).as("lifted for good").isEqualTo(1);
    }
  }

  @Test
  void anAmountThatWasLoweredByMoreThanAReloadLeavesIsNothing() {
    BudgetConfig budget = budget("ai", 100_000, flat(1_000));
    ledger.configure(plan(budget));
    done(ledger.desk().correct("ai", new Correction("c", true, "", -80_000, "eva", "less")));
    BudgetConfig less = budget("ai", 50_000, flat(1_000));

    ledger.configure(plan(less));

    assertThat(view(less).amount()).isZero();
    assertThat(admitted(less, AI, 1)).isZero();
  }

  @Test
  void aCreditNoteMayOutweighWhatAServiceSpentAndTheOthersPayForIt() {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    ledger.configure(plan(budget));
    spend(budget, CHAT, 900);

    done(ledger.desk().correct("ai", new Correction("c", false, "ai", -500, "eva", "credit")));
    spend(budget, AI, 100);

    assertThat(view(budget).spent()).isEqualTo(500);
    assertThat(view(budget).byService()).containsEntry("ai", -400L).containsEntry("chat", 900L);
    String month = Span.of(budget, time.epochMillis()).key().substring(0, 7);
    assertThat(ledger.desk().month(budget, month).result().by("")).containsEntry("ai", -400L);
  }

  @Test
  void aMonthIsKnownByServiceRegionTierAndDayAfterARestartToo(@TempDir Path directory)
      throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    BudgetConfig.Unit chats = BudgetConfig.Unit.of("chat", List.of("all"), List.of(), null);
    Plan plan = Plans.minimal().service(AI).budget(budget).unit(chats).compile();
    String month = Span.of(budget, time.epochMillis()).key().substring(0, 7);
    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);
      ledger.configure(plan);
      Hold hold = (Hold) ledger.reserve(BudgetSample.ask(List.of(budget), AI));
      BudgetSample.served(hold);
      ledger.settle(hold, new long[] {700}, ledger.nowMillis());
      ledger.count(chats, new BudgetLedger.Whose("ai", "vip", "eu"), 1_000_000);
      ledger.count(chats, new BudgetLedger.Whose("ai", "vip", "eu"), 1_000_000);
      assertMonth(ledger.desk().month(budget, month).result());
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);
      ledger.configure(plan);

      assertMonth(ledger.desk().month(budget, month).result());
      BudgetMonth counted = ledger.desk().month(chats.account(), month).result();
      assertThat(counted.spent()).isEqualTo(2_000_000);
      assertThat(counted.by("")).containsOnly(entry("ai", 2_000_000L));
      assertThat(counted.by("region")).containsOnly(entry("eu", 2_000_000L));
      assertThat(counted.by("tier")).containsOnly(entry("vip", 2_000_000L));
      assertThat(ledger.desk().month(budget, "1999-01").result()).isNull();
    }
  }

  @Test
  void whatEndsAfterMidnightCountsUnderADayOfItsPeriodAndWhatIsLateUnderItsOwn() {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    ledger.configure(plan(budget));
    String month = Span.of(budget, time.epochMillis()).key().substring(0, 7);
    time.advance(Duration.ofDays(9).plusHours(23)); // 30 November
    long yesterday = time.epochMillis() - Duration.ofDays(1).toMillis();
    List<Hold> holds = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      holds.add((Hold) ledger.reserve(BudgetSample.ask(List.of(budget), AI)));
    }

    for (int i = 0; i < 4; i++) {
      long at = i % 2 == 0 ? time.epochMillis() : yesterday;
      ledger.settle(holds.get(i), new long[] {100}, at);
    }
    time.advance(Duration.ofHours(2));
    ledger.settle(holds.get(4), new long[] {7}, ledger.nowMillis());

    assertThat(ledger.desk().month(budget, month).result().by("day"))
        .containsOnly(entry("29", 200L), entry("30", 207L));
  }
}
