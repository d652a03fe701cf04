package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.byHeader;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Level;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import app.avalo.gateway.filter.time.VirtualTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BudgetLedgerTest {
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

  @Test
  void sixtyFourThreadsNeverSpendMoreThanTheAmountAndEveryMicroIsAccountedFor() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, byHeader("X-Cost", 1_000));
    AtomicLong truth = new AtomicLong();
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 64; t++) {
      int number = t;
      Thread thread =
          new Thread(
              () -> {
                SplittableRandom random = new SplittableRandom(number);
                awaitQuietly(start);
                for (int i = 0; i < 200; i++) {
                  var verdict = ledger.reserve(BudgetSample.ask(List.of(budget), CHAT));
                  if (verdict instanceof Hold hold) {
                    long cost = random.nextLong(1_001);
                    truth.addAndGet(cost);
                    ledger.settle(hold, new long[] {cost}, ledger.nowMillis());
                    ledger.settle(hold, new long[] {cost + 1}, ledger.nowMillis());
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }

    BudgetView view = view(budget);
    assertThat(view.spent()).isEqualTo(truth.get()).isBetween(900_000L, 1_000_000L);
    assertThat(view.reserved()).isZero();
    assertThat(view.byService()).containsEntry("chat", truth.get());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  @Test
  void whatIsReservedCountsAgainstTheAmount() {
    BudgetConfig budget = budget("ai", 1_000, byHeader("X-Cost", 300));
    ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    ledger.reserve(BudgetSample.ask(List.of(budget), AI));

    var fourth = ledger.reserve(BudgetSample.ask(List.of(budget), AI));

    assertThat(fourth).isInstanceOf(Refused.class);
    assertThat(((Refused) fourth).usedUp()).isFalse();
    assertThat(view(budget).reserved()).isEqualTo(900);
  }

  @Test
  void settlingAgainChangesNothingWhateverTheOrder() {
    BudgetConfig budget = budget("ai", 1_000_000, byHeader("X-Cost", 300));
    Hold first = (Hold) ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    Hold second = (Hold) ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    for (long cost : List.of(120L, 250L)) {
      ledger.settle(second, new long[] {cost}, ledger.nowMillis());
      ledger.settle(first, new long[] {cost + 1}, ledger.nowMillis());
    }

    assertThat(view(budget).spent()).isEqualTo(241);
    assertThat(view(budget).reserved()).isZero();
  }

  @Test
  void severalBudgetsReserveAllOrNothing() {
    BudgetConfig rich = budget("rich", 1_000_000, flat(10));
    BudgetConfig poor = budget("poor", 5, flat(10));

    var verdict = ledger.reserve(BudgetSample.ask(List.of(rich, poor), AI));

    assertThat(verdict).isInstanceOf(Refused.class);
    assertThat(((Refused) verdict).account().config().name()).isEqualTo("poor");
    assertThat(view(rich).reserved()).isZero();
    assertThat(view(rich).counts().admitted()).isZero();
  }

  @Test
  void belowTheMarkNobodyIsSlowedAndAboveItWhatIsLeftIsSharedByWhatWillBeAskedFor() {
    BudgetConfig budget = budget("ai", 1_000_000, byHeader("X-Cost", 1));
    ledger.configure(plan(budget));
    spend(budget, AI, 799_999);
    assertThat(admitted(budget, AI, 1000)).isEqualTo(1000);

    // 20 of 30 days took 800,000; the other ten would take 400,000 more, 100,000 is left below 90 %
    spend(budget, AI, 1);
    assertThat(view(budget).level()).isEqualTo(Level.THROTTLE);
    assertThat(admitted(budget, AI, 1000)).isEqualTo(250);
    assertThat(admitted(budget, CHAT, 1000)).isEqualTo(1000);

    spend(budget, CHAT, 100_000); // 90 %: ten days of chat would cost 50,000, 100,000 is left
    assertThat(admitted(budget, AI, 1000)).isZero();
    assertThat(admitted(budget, CHAT, 1000)).isEqualTo(1000);

    spend(budget, CHAT, 50_000); // 95 %: ten days would cost 75,000, 50,000 is left
    assertThat(admitted(budget, CHAT, 900)).isEqualTo(600);
    assertThat(view(budget).admittedShare()).isZero();
    assertThat(view(budget).criticalShare()).isEqualTo(2 / 3.0);
  }

  @Test
  void pacedSetsTheNeedOfCriticalServicesAsideAsSoonAsTheForecastPassesTheAmount() {
    BudgetConfig budget = BudgetSample.paced("ai", 1_000_000, byHeader("X-Cost", 1));
    ledger.configure(plan(budget));
    spend(budget, AI, 400_000);
    spend(budget, CHAT, 200_000); // in 20 of 30 days: ten more need 200,000 and 100,000

    assertThat(view(budget).forecast().spent()).isEqualTo(900_000);
    assertThat(view(budget).admittedShare()).isEqualTo(1);

    spend(budget, CHAT, 200_000); // now 200,000 and 200,000, and 200,000 is left
    assertThat(view(budget).forecast().spent()).isEqualTo(1_200_000);
    // The 200,000 that are left last five days at 40,000 a day.
    assertThat(view(budget).forecast().exhaustedMillis() - time.epochMillis())
        .isBetween(Duration.ofHours(119).toMillis(), Duration.ofHours(121).toMillis());
    assertThat(admitted(budget, AI, 1000)).isZero();
    assertThat(admitted(budget, CHAT, 1000)).isEqualTo(1000);
  }

  @Test
  void floorsAreNeverRefusedAndNobodyElsePassesTheAmount() {
    BudgetConfig budget = budget("ai", 100, flat(10));
    spend(budget, PANIC, 95);

    assertThat(admitted(budget, CHAT, 50)).isZero();
    assertThat(spend(budget, PANIC, 10)).isTrue();
    assertThat(spend(budget, PANIC, 10)).isTrue();
    assertThat(view(budget).spent()).isEqualTo(115);
    assertThat(view(budget).level()).isEqualTo(Level.EXHAUSTED);
  }

  @Test
  void eachLevelIsToldOncePerPeriod() {
    BudgetConfig budget = budget("ai", 1_000, byHeader("X-Cost", 1));
    spend(budget, PANIC, 850);
    spend(budget, PANIC, 10);
    spend(budget, PANIC, 200);
    spend(budget, PANIC, 200);
    assertThat(told).containsExactly(Kind.ALERT, Kind.THROTTLE, Kind.CRITICAL, Kind.EXHAUSTED);

    time.advance(Duration.ofDays(12));
    spend(budget, PANIC, 700);
    assertThat(told).hasSize(5).endsWith(Kind.ALERT);
  }

  @Test
  void aForecastBeyondTheAmountIsToldOnceAndSoIsSpendingAboveTheUsualCourse() {
    BudgetConfig budget = budget("ai", 1_000_000, byHeader("X-Cost", 1));
    ledger.configure(plan(budget));
    time.advance(Duration.ofDays(10)); // 1 December
    for (int hour = 0; hour < 48; hour++) {
      spend(budget, AI, 1_300);
      time.advance(Duration.ofHours(1));
    }
    assertThat(told).isEmpty(); // 968,000 by the end

    for (int hour = 0; hour < 96; hour++) {
      spend(budget, AI, 2_000);
      time.advance(Duration.ofHours(1));
    }
    assertThat(told).containsExactly(Kind.FORECAST, Kind.OVER_PLAN);

    spend(budget, AI, 100_000);
    time.advance(Duration.ofHours(1));
    spend(budget, AI, 1_000);
    time.advance(Duration.ofHours(1));
    spend(budget, AI, 1_000);
    assertThat(told).containsExactly(Kind.FORECAST, Kind.OVER_PLAN, Kind.ANOMALY);
  }

  @Test
  void aHoldIsChargedToThePeriodInWhichItWasMade() {
    BudgetConfig budget = budget("ai", 1_000, byHeader("X-Cost", 100));
    time.advance(Duration.ofDays(9).plusHours(23)); // 30 November
    Hold late = (Hold) ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    spend(budget, AI, 40);
    assertThat(view(budget).spent()).isEqualTo(40);

    time.advance(Duration.ofHours(1));
    assertThat(view(budget).spent()).isZero();
    assertThat(view(budget).reserved()).isZero();
    ledger.settle(late, new long[] {77}, ledger.nowMillis());

    assertThat(view(budget).spent()).isZero();
    assertThat(late.first.account().view(late.first.term, time.epochMillis()).spent())
        .isEqualTo(117);
    assertThat(view(budget).periodStart()).isEqualTo(time.epochMillis());
  }

  @Test
  void aReloadKeepsWhatWasSpentAndTakesTheNewAmount() {
    BudgetConfig before = budget("ai", 1_000, byHeader("X-Cost", 1));
    ledger.configure(plan(before));
    spend(before, AI, 500);

    ledger.configure(plan(budget("ai", 2_000, byHeader("X-Cost", 1))));

    assertThat(view(before).spent()).isEqualTo(500);
    assertThat(view(before).amount()).isEqualTo(2_000);
  }

  @Test
  void correctionsCountOnceAndNeverMakeASumNegative() {
    BudgetConfig budget = budget("ai", 1_000, flat(100));
    ledger.configure(plan(budget));
    Correction invoice =
        new Correction("inv-1/3", false, "", 950, "eva", "invoice of the provider");
    Correction raise = new Correction("raise-1", true, "", 500, "eva", "campaign");

    assertThat(ledger.desk().correct("ai", invoice).result()).isTrue();
    assertThat(ledger.desk().correct("ai", invoice).result()).isFalse();
    assertThat(view(budget).spent()).isEqualTo(950);
    assertThat(admitted(budget, AI, 5)).isZero();
    assertThat(ledger.desk().correct("ai", raise).result()).isTrue();
    assertThat(admitted(budget, AI, 5)).isEqualTo(5);
    assertThat(view(budget).amount()).isEqualTo(1_500);
    Correction refund = new Correction("r", false, "", -951, "eva", "refund");
    assertThat(ledger.desk().correct("ai", refund).failed()).isTrue();
    assertThat(ledger.desk().correct("none", refund).failed()).isTrue();
  }

  @Test
  void aRestartKeepsSpendCorrectionsAndWhatWasTold(@TempDir Path directory) throws Exception {
    BudgetConfig budget = budget("ai", 1_000, byHeader("X-Cost", 10));
    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);
      ledger.configure(plan(budget));
      spend(budget, AI, 650);
      ledger.desk().correct("ai", new Correction("c", false, "", 70, "eva", "invoice"));
      ledger.desk().correct("ai", new Correction("d", true, "", 20, "eva", "more"));
      ledger.reserve(BudgetSample.ask(List.of(budget), AI));
    }
    assertThat(told).containsExactly(Kind.ALERT);

    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);
      ledger.configure(plan(budget));

      assertThat(view(budget).spent()).isEqualTo(730);
      assertThat(view(budget).amount()).isEqualTo(1_020);
      assertThat(view(budget).byService()).containsEntry("ai", 660L);
      Correction again = new Correction("c", false, "", 70, "eva", "again");
      assertThat(BudgetSample.done(ledger.desk().correct("ai", again))).isFalse();
      spend(budget, AI, 1);
      assertThat(told).containsExactly(Kind.ALERT);
    }
  }

  @Test
  void whatWasLearnedOfDemandSurvivesARestart(@TempDir Path directory) throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, byHeader("X-Cost", 10));
    long before;
    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);
      ledger.configure(plan(budget));
      for (int hour = 0; hour < 5; hour++) {
        spend(budget, AI, 100);
        time.advance(Duration.ofHours(1));
      }
      before = view(budget).forecast().perHour();
      assertThat(before).isEqualTo(100);
    }

    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);
      ledger.configure(plan(budget));
      spend(budget, AI, 5_000);

      assertThat(view(budget).forecast().perHour()).isEqualTo(before);
    }
  }

  private static void await(io.vertx.core.Future<?> done) {
    assertThat(done.succeeded()).as("%s", done.cause()).isTrue();
  }
}
