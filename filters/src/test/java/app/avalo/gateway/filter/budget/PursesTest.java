package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.each;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Scope;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.term.Term;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.VirtualTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PursesTest {
  private final BudgetConfig common = budget("ai", 10_000, flat(1_000));
  private final BudgetConfig user = each(budget("per-user", 3_000, flat(1_000)), Scope.USER);
  private final BudgetConfig tenant = each(budget("per-tenant", 5_000, flat(1_000)), Scope.CLAIM);
  private final Plan plan = plan(common, user, tenant);
  private final VirtualTime time = new VirtualTime();
  private BudgetLedger ledger = alone(Journal.NONE);

  private static Plan plan(BudgetConfig... budgets) {
    Plans plans = Plans.minimal().service(BudgetSample.service("ai", Priority.NORMAL));
    for (BudgetConfig budget : budgets) {
      plans.budget(budget);
    }
    return plans.compile();
  }

  private BudgetLedger alone(Journal journal) {
    return BudgetLedger.alone(time, journal, BudgetListener.NONE);
  }

  /** Requests of this user and tenant that are paid, of so many. */
  private int paid(Plan by, String user, String tenant, int requests) {
    return paid(
        by, new Caller(user, null, "authenticated", Set.of(), Map.of("tenant", tenant)), requests);
  }

  private int paid(Plan by, Caller caller, int requests) {
    BudgetFilter filter = new BudgetFilter(ledger, Runnable::run, Receipts.NONE);
    int paid = 0;
    for (int i = 0; i < requests; i++) {
      Exchange exchange = Exchanges.on(by).caller(caller).live();
      if (Outcome.of(filter, exchange).proceeded()) {
        exchange.sent();
        exchange.ended(1);
        filter.end(exchange);
        paid++;
      }
    }
    return paid;
  }

  private Map<String, BudgetView> fullest(BudgetConfig budget) {
    return ledger.purses().fullest(budget, 5);
  }

  @Test
  void eachUserHasTheAmountForItselfWithinThoseOfItsTenantAndOfAll() {
    assertThat(paid(plan, "alice", "acme", 9)).isEqualTo(3);
    assertThat(paid(plan, "bob", "acme", 9)).as("2 are left of the tenant's 5").isEqualTo(2);
    assertThat(paid(plan, "carol", "other", 9)).isEqualTo(3);
    assertThat(paid(plan, "dave", "third", 9)).as("2 are left of all 10").isEqualTo(2);

    assertThat(fullest(user).keySet()).containsExactly("alice", "carol", "bob", "dave");
    assertThat(fullest(tenant).get("acme").spent()).isEqualTo(5_000);
    assertThat(ledger.view(plan))
        .extracting(BudgetView::name)
        .containsExactly("ai", "per-user", "per-tenant");
    assertThat(ledger.view(plan)).allSatisfy(view -> assertThat(view.reserved()).isZero());
    assertThat(ledger.view(plan).get(1).spent()).as("of the fullest").isEqualTo(3_000);
  }

  @Test
  void eachApiKeyHasTheAmountForItselfAndWhoHasNoneSharesOne() {
    BudgetConfig budget = each(budget("per-key", 3_000, flat(1_000)), Scope.API_KEY);
    Plan keys = plan(budget);

    assertThat(paid(keys, new Caller("alice", "shop", "vip", Set.of()), 9)).isEqualTo(3);
    assertThat(paid(keys, new Caller("bob", "shop", "free", Set.of()), 9)).isZero();
    assertThat(paid(keys, new Caller("alice", "lab", "vip", Set.of()), 9)).isEqualTo(3);
    assertThat(paid(keys, new Caller("alice", null, "vip", Set.of()), 2)).isEqualTo(2);
    assertThat(paid(keys, new Caller("carol", null, "free", Set.of()), 9)).isEqualTo(1);

    assertThat(fullest(budget).keySet()).containsExactlyInAnyOrder("shop", "lab", "");
  }

  @Test
  void eachTierHasTheAmountForItself() {
    BudgetConfig budget = each(budget("per-tier", 3_000, flat(1_000)), Scope.TIER);
    Plan tiers = plan(budget);

    assertThat(paid(tiers, new Caller("alice", "shop", "vip", Set.of()), 9)).isEqualTo(3);
    assertThat(paid(tiers, new Caller("bob", "lab", "vip", Set.of()), 9)).isZero();
    assertThat(paid(tiers, new Caller("alice", "shop", "free", Set.of()), 9)).isEqualTo(3);
    assertThat(paid(tiers, Caller.ANONYMOUS, 9)).isEqualTo(3);

    assertThat(fullest(budget).keySet()).containsExactlyInAnyOrder("vip", "free", "anonymous");
  }

  @Test
  void whatAllDecidedOnIsNeverLessThanBefore() {
    Plan users = plan(user);
    for (int i = 0; i < Purses.MOST; i++) {
      paid(users, "user-" + i, "acme", 1);
    }
    assertThat(ledger.counts(user).admitted()).isEqualTo(Purses.MOST);
    time.advance(Duration.ofDays(40));

    paid(users, "late", "acme", 4);

    assertThat(fullest(user)).as("all others are forgotten").containsOnlyKeys("late");
    assertThat(ledger.counts(user).admitted()).isEqualTo(Purses.MOST + 3);
    assertThat(ledger.counts(user).refused()).isEqualTo(1);
  }

  @Test
  void whatIsRefusedNamesTheBudgetAndNotThePurse() {
    paid(plan, "alice", "acme", 3);
    BudgetFilter filter = new BudgetFilter(ledger, Runnable::run, Receipts.NONE);
    Caller alice = new Caller("alice", null, "authenticated", Set.of(), Map.of());

    var error = Outcome.of(filter, Exchanges.on(plan).caller(alice).live()).error();

    assertThat(error.rule()).isEqualTo("per-user");
    assertThat(error.detail()).startsWith("The budget per-user is used up");
  }

  @Test
  void aNewPeriodAndANewPlanHoldForEveryPurse() {
    Plan users = plan(user);
    assertThat(paid(users, "alice", "acme", 9)).isEqualTo(3);

    Plan raised = plan(each(budget("per-user", 4_000, flat(1_000)), Scope.USER));
    assertThat(paid(raised, "alice", "acme", 9)).as("the rest of 4").isEqualTo(1);
    time.advance(Duration.ofDays(40));
    assertThat(paid(raised, "alice", "acme", 9)).isEqualTo(4);
  }

  @Test
  void aCorrectionOfOnePurseIsNobodyElses() {
    Plan users = plan(user);
    Correction refund = new Correction("refund-1", false, "", -2_000, "eva", "billed twice");
    assertThat(paid(users, "alice", "acme", 9)).isEqualTo(3);
    assertThat(paid(users, "bob", "acme", 9)).isEqualTo(3);

    assertThat(ledger.desk().correct("per-user@alice", refund).result()).isTrue();
    assertThat(ledger.desk().correct("per-user@nobody", refund).failed()).isTrue();

    assertThat(paid(users, "alice", "acme", 9)).isEqualTo(2);
    assertThat(paid(users, "bob", "acme", 9)).isZero();
  }

  @Test
  void aPurseThatNobodyHasUsedYetMayBeCorrected() {
    Plan users = plan(user);
    ledger.configure(users);
    String purse = ledger.purses().open(user, "alice").name();

    ledger.desk().correct(purse, new Correction("c", false, "", 2_000, "eva", "invoice"));

    assertThat(paid(users, "alice", "acme", 9)).isEqualTo(1);
  }

  @Test
  void aPurseWithALongNameIsCorrectedByIt() {
    String name = "a".repeat(65);
    Plan users = plan(user);
    assertThat(paid(users, name, "acme", 9)).isEqualTo(3);
    String purse = ledger.purses().open(user, name).name();

    ledger.desk().correct(purse, new Correction("c", false, "", -2_000, "eva", "billed twice"));

    assertThat(paid(users, name, "acme", 9)).isEqualTo(2);
  }

  @Test
  void whatWasSpentSurvivesARestart(@TempDir Path directory) throws Exception {
    Plan users = plan(user);
    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);
      assertThat(paid(users, "alice", "acme", 2)).isEqualTo(2);
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      ledger = alone(journal);

      assertThat(paid(users, "alice", "acme", 9)).isEqualTo(1);
    }
  }

  @Test
  void whoeverFindsNoPlaceSharesOnePurseAndLongNamesFit() {
    Plan users = plan(user);
    for (int i = 0; i < Purses.MOST; i++) {
      assertThat(paid(users, "user-" + i, "acme", 1)).isEqualTo(1);
    }

    assertThat(paid(users, "late", "acme", 2)).isEqualTo(2);
    assertThat(paid(users, "later".repeat(100), "acme", 2)).as("of the common 3").isEqualTo(1);
    assertThat(paid(users, "user-7", "acme", 9)).isEqualTo(2);
    time.advance(Duration.ofDays(40));
    assertThat(paid(users, "later".repeat(100), "acme", 9))
        .as("places are free again")
        .isEqualTo(3);
    assertThat(fullest(user).keySet().iterator().next()).hasSize(36);
  }

  @Test
  void aPurseThatIsForgottenJustAsARequestIsPaidFromItLosesNothing() throws Exception {
    AtomicReference<String> latest = new AtomicReference<>("");
    Thread forgetful =
        new Thread(
            () -> {
              for (String name = latest.get(); name != null; name = latest.get()) {
                ledger.forget(name, time.epochMillis());
              }
            });
    forgetful.start();
    long lost = 0;
    for (int i = 0; i < 20_000; i++) {
      BudgetConfig purse = user.purse("u" + i);
      latest.set(purse.name());
      Hold hold = (Hold) ledger.reserve(BudgetSample.ask(List.of(purse), null));
      ledger.settle(hold, new long[] {1_000}, ledger.nowMillis());
      Account known = ledger.known(purse.name());
      lost += known == null ? 1_000 : 1_000 - known.term(time.epochMillis()).used();
    }
    latest.set(null);
    forgetful.join();

    assertThat(lost).isZero();
  }

  @Test
  void aPurseThatWasUsedSinceItSeemedIdleStays() {
    BudgetConfig purse = user.purse("alice");
    Term term = ledger.account(purse).term(time.epochMillis());
    long seen = term.used();

    Hold hold = (Hold) ledger.reserve(BudgetSample.ask(List.of(purse), null));
    ledger.settle(hold, new long[] {1_000}, ledger.nowMillis());

    assertThat(term.end(seen)).isFalse();
    assertThat(ledger.reserve(BudgetSample.ask(List.of(purse), null))).isInstanceOf(Hold.class);
    assertThat(term.used()).isGreaterThan(1_000);
  }
}
