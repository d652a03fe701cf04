package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.each;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Scope;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetLedger.Verdict;
import app.avalo.gateway.filter.budget.BudgetLedger.Waiting;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.time.Ticker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Budgets that each user has for itself, with every gateway the same. */
class SharedPursesIT extends Replicas {
  private final BudgetConfig users = each(budget("users", 40_000, flat(1_000)), Scope.USER);

  private static BudgetConfig purse(Gateway gateway, BudgetConfig budget, String user) {
    Caller caller = new Caller(user, null, "authenticated", Set.of());
    return gateway.ledger.purses().of(List.of(budget), caller).get(0);
  }

  /** Whether a request of this user is paid; asks again while a lease may be under way. */
  private boolean paid(Gateway gateway, String user) throws Exception {
    for (int tries = 0; tries < 30; tries++) {
      if (ask(gateway.ledger, purse(gateway, users, user), CHAT) instanceof Hold hold) {
        gateway.ledger.settle(hold, new long[] {1_000}, gateway.ledger.nowMillis());
        return true;
      }
      LockSupport.parkNanos(1_000_000);
    }
    return false;
  }

  private long spent(Gateway gateway, String user) {
    return gateway.ledger.purses().fullest(users, 10).get(user).spent();
  }

  @Test
  void aUsersMoneyIsTheSameEverywhereAndOthersHaveTheirOwn() throws Exception {
    Gateway one = new Gateway("g0");
    Gateway two = new Gateway("g1");
    one.ledger.configure(plan(users));
    two.ledger.configure(plan(users));
    until(() -> reached(one) && reached(two));

    int passed = 0;
    for (int i = 0; i < 20; i++) {
      passed += paid(i % 2 == 0 ? one : two, "alice") ? 1 : 0;
    }

    assertThat(passed).isEqualTo(20);
    assertThat(paid(two, "bob")).isTrue();
    long truth = passed * 1_000L;
    until(() -> spent(one, "alice") == truth && spent(two, "alice") == truth);
    String purse = purse(one, users, "alice").name();
    until(() -> one.ledger.forget(purse, Ticker.SYSTEM.epochMillis()));
    String period = Span.of(users, Ticker.SYSTEM.epochMillis()).key();
    String key = "avalo:budget:{" + purse + "}:" + period;
    assertThat(redis.command("HGET " + key + " g:g0"))
        .as("given back")
        .isEqualTo(redis.command("HGET " + key + " s:g0"));

    for (int i = 0; i < 60; i++) {
      passed += paid(one, "alice") ? 1 : 0;
    }
    assertThat(passed).as("with what was spent before").isBetween(30, 40);
  }

  @Test
  void aPurseThatComesBackAddsToWhatItSpentBeforeOnDiskToo(@TempDir Path directory)
      throws Exception {
    String period = Span.of(users, Ticker.SYSTEM.epochMillis()).key();
    BudgetConfig alice;
    try (FileJournal journal = FileJournal.open(directory)) {
      Gateway one = new Gateway("g0", journal);
      one.ledger.configure(plan(users));
      BudgetConfig purse = purse(one, users, "alice");
      alice = purse;
      floor(one, purse, 3_000);
      until(() -> sum(purse, "spent") == 3_000);
      until(() -> one.ledger.forget(purse.name(), Ticker.SYSTEM.epochMillis()));

      floor(one, purse, 2_000);

      until(() -> sum(purse, "spent") == 5_000);
      assertThat(sum(purse, "v:panic")).isEqualTo(5_000);
      assertThat(spent(one, "alice")).isEqualTo(5_000);
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      assertThat(journal.recovered(alice.name(), period).totals())
          .containsExactly(entry("panic", 5_000L));
    }
  }

  @Test
  void whatIsSpentOfAnAllowanceAfterAPurseHasRestedIsStated() throws Exception {
    BudgetConfig users = each(budget("users", 40_000, flat(1_000), 0.5), Scope.USER);
    Gateway one = new Gateway("g0");
    one.ledger.configure(plan(users));
    BudgetConfig purse = purse(one, users, "alice");
    floor(one, purse, 3_000);
    until(() -> sum(purse, "spent") == 3_000);
    until(() -> keeper(one, purse).rests());
    one.deaf.set(true);
    until(() -> passes(one, purse) && keeper(one, purse).away());
    until(() -> keeper(one, purse).rests());

    assertThat(passes(one, purse)).isTrue();
    floor(one, purse, 2_000);

    assertThat(keeper(one, purse).rests()).isFalse();
    one.deaf.set(false);
    until(() -> sum(purse, "spent") == 5_000);
  }

  @Test
  void aPurseForWhoseLeaseSomebodyWaitsIsMissed() throws Exception {
    Gateway one = new Gateway("g0");
    one.ledger.configure(plan(users));
    BudgetConfig purse = purse(one, users, "alice");
    until(() -> passes(one, purse));
    until(() -> keeper(one, purse).rests());
    one.deaf.set(true);
    CompletableFuture<Void> exchanged = new CompletableFuture<>();
    Waiting waiting = (Waiting) one.ledger.reserve(BudgetSample.ask(List.of(purse), CHAT));

    waiting.keeper().await(() -> exchanged.complete(null));

    while (!exchanged.isDone()) {
      boolean missed = !keeper(one, purse).rests();
      assertThat(missed || exchanged.isDone()).as("missed").isTrue();
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** The clock by which silence is measured, set forward as a test goes. */
  private static final class Later implements Ticker {
    private final AtomicLong ahead = new AtomicLong();

    @Override
    public long nanos() {
      return SYSTEM.nanos() + ahead.get();
    }

    @Override
    public long epochMillis() {
      return SYSTEM.epochMillis();
    }
  }

  @Test
  void anAnswerThatIsLateIsNoOutageForAPurseThatRestedOrIsNew() throws Exception {
    Later later = new Later();
    clock = later;
    Gateway one = new Gateway("g0");
    one.ledger.configure(plan(users));
    BudgetConfig alice = purse(one, users, "alice");
    until(() -> passes(one, alice));
    until(() -> keeper(one, alice).rests());
    later.ahead.set(Duration.ofMinutes(1).toNanos());

    one.deaf.set(true);
    BudgetConfig bob = purse(one, users, "bob");
    CompletableFuture<Verdict> rested = CompletableFuture.supplyAsync(() -> asked(one, alice));
    CompletableFuture<Verdict> fresh = CompletableFuture.supplyAsync(() -> asked(one, bob));
    int before = one.stated.get();
    until(() -> one.stated.get() > before + 6);
    one.deaf.set(false);

    assertThat(rested.get(10, TimeUnit.SECONDS)).isInstanceOf(Hold.class);
    assertThat(fresh.get(10, TimeUnit.SECONDS)).isInstanceOf(Hold.class);
    assertThat(keeper(one, bob).away()).isFalse();
  }

  @Test
  void aPurseIsCorrectedAtAGatewayThatHasNeverMetItsOwner() throws Exception {
    Gateway one = new Gateway("g0");
    Gateway two = new Gateway("g1");
    one.ledger.configure(plan(users));
    two.ledger.configure(plan(users));
    BudgetConfig purse = purse(one, users, "alice");
    floor(one, purse, 3_000);
    until(() -> sum(purse, "spent") == 3_000);

    String name = two.ledger.purses().open(users, "alice").name();
    Correction back = new Correction("c", false, "", -1_000, "eva", "goodwill");

    assertThat(done(two, name, null, back)).isTrue();
    until(() -> spent(one, "alice") == 2_000);
  }

  /** Waits for no lease. */
  private static void floor(Gateway gateway, BudgetConfig purse, long cost) {
    Hold hold = (Hold) gateway.ledger.reserve(BudgetSample.ask(List.of(purse), PANIC));
    gateway.ledger.settle(hold, new long[] {cost}, gateway.ledger.nowMillis());
  }

  private long sum(BudgetConfig purse, String field) {
    String period = Span.of(users, Ticker.SYSTEM.epochMillis()).key();
    try {
      String key = "avalo:budget:{" + purse.name() + "}:" + period;
      String sum = redis.command("HGET " + key + " " + field);
      return sum.startsWith("$") ? 0 : Long.parseLong(sum);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static LeaseKeeper keeper(Gateway gateway, BudgetConfig purse) {
    return gateway.ledger.known(purse.name()).keeper();
  }

  private boolean reached(Gateway gateway) {
    return passes(gateway, purse(gateway, users, "eve"));
  }

  /** Costs nothing: it may take many tries to get there. */
  private static boolean passes(Gateway gateway, BudgetConfig purse) {
    try {
      return ask(gateway.ledger, purse, CHAT) instanceof Hold hold
          && gateway.ledger.settle(hold, new long[1], gateway.ledger.nowMillis());
    } catch (Exception failure) {
      throw new AssertionError(failure);
    }
  }
}
