package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetLedger.Verdict;
import app.avalo.gateway.filter.budget.BudgetLedger.Waiting;
import app.avalo.gateway.filter.budget.lease.RedisLender;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.Ticker;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What is leased when Redis is late or gone, a replica silent, or a bill comes in. */
class LeaseTroubleIT extends Replicas {
  @Test
  void aRedisThatDiesAndReturnsEmptyCostsNoMoneyAndNoRestart() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000_000, flat(1_000), 0.005);
    share(budget, 2);
    Gateway one = gateways.get(0);
    Gateway two = gateways.get(1);
    long before = 0;
    for (Gateway gateway : gateways) {
      for (int i = 0; i < 50; i++) {
        Verdict verdict = ask(gateway.ledger, budget, CHAT);
        if (verdict instanceof Hold hold) {
          gateway.ledger.settle(hold, new long[] {1_000}, gateway.ledger.nowMillis());
          before++;
        }
      }
    }
    assertThat(before).isEqualTo(100);
    redis.kill();
    until(() -> view(one, budget).store() == BudgetView.Store.AWAY);

    long alone = 0;
    while (ask(one.ledger, budget, CHAT) instanceof Hold hold) {
      one.ledger.settle(hold, new long[] {1_000}, one.ledger.nowMillis());
      alone++;
      // 5,000 of the allowance, and at most 1,000 that were leased.
      assertThat(alone).as("the allowance is bounded").isLessThanOrEqualTo(6_000);
    }
    assertThat(alone).isGreaterThanOrEqualTo(5_000);
    assertThat(ask(one.ledger, budget, PANIC)).isInstanceOf(Hold.class);
    Hold floor = (Hold) ask(one.ledger, budget, PANIC);
    one.ledger.settle(floor, new long[] {1_000}, one.ledger.nowMillis());
    redis.restart();

    long truth = (before + alone + 1) * 1_000;
    until(() -> view(one, budget).spent() == truth && view(two, budget).spent() == truth);
    until(() -> again(two, budget));
    assertThat(view(one, budget).store()).isEqualTo(BudgetView.Store.SHARED);
  }

  @Test
  void anAnswerThatIsLateIsNoOutage() throws Exception {
    BudgetConfig budget = budget("ai", 10_000_000, flat(1_000), 0.01);
    share(budget, 1);
    Gateway one = gateways.get(0);
    assertThat(ask(one.ledger, budget, CHAT)).isInstanceOf(Hold.class);

    one.deaf.set(true);
    long held = sum("g:g0");
    long passed = 0;
    while (one.ledger.reserve(BudgetSample.ask(List.of(budget), CHAT)) instanceof Hold) {
      passed++;
    }

    assertThat(passed * 1_000).isLessThanOrEqualTo(held);
    assertThat(view(one, budget).store()).isEqualTo(BudgetView.Store.SHARED);
    assertThat(ask(one.ledger, budget, CHAT)).as("who waits longest").isInstanceOf(Hold.class);
    assertThat(view(one, budget).store()).isEqualTo(BudgetView.Store.AWAY);
  }

  @Test
  void aStoreThatIsGoneForAllSpendsNoMoreThanThereWas() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000), 0.5);
    share(budget, 4);
    // So that each has heard of all the others.
    until(() -> gateways.stream().allMatch(g -> g.stated.get() > 2));
    redis.kill();
    until(() -> gateways.stream().allMatch(g -> view(g, budget).store() == BudgetView.Store.AWAY));

    AtomicLong truth = spendAll(budget, 4, 1_000);

    assertThat(truth.get()).isBetween(500_000L, 1_000_000L);
  }

  @Test
  void gatewaysThatStartWhileTheStoreIsGoneShareOneAllowanceHoweverLittleIsLeft() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000), 0.1);
    share(budget, 1);
    spendAll(budget, 1, 1_000);
    redis.kill();
    Gateway late = new Gateway("late");
    late.ledger.configure(plan(budget));
    until(() -> view(late, budget).store() == BudgetView.Store.AWAY && again(late, budget));

    int paid = 1;
    while (ask(late.ledger, budget, CHAT) instanceof Hold hold) {
      late.ledger.settle(hold, new long[] {1_000}, late.ledger.nowMillis());
      paid++;
    }

    assertThat(paid).isEqualTo(100 / ASSUMED);
  }

  @Test
  void whatASilentReplicaHadLeasedIsChargedUntilItTellsTheTruth() throws Exception {
    BudgetConfig budget = BudgetSample.expiring(budget("ai", 1_000_000, flat(1_000)), 1_000);
    share(budget, 1);
    Gateway one = gateways.get(0);
    RedisLender dead = one.lender("dead");

    assertThat(one.exchange(dead, budget, 1, 0, 5_000, 400).granted()).isEqualTo(5_000);
    assertThat(view(one, budget).spent()).isLessThanOrEqualTo(400);
    until(() -> view(one, budget).spent() == 5_000);
    assertThat(sum("v:(expired)")).isEqualTo(4_600);
    assertThat(byService(one, budget)).isEqualTo(5_000);
    String replicas = "HGET " + key() + " replicas";
    assertThat(redis.command(replicas)).as("nobody is looked at for ever").isEqualTo("g0");
    assertThat(one.exchange(dead, budget, 2, 700, 700, 700).spent()).isEqualTo(700);
    until(() -> view(one, budget).spent() == 700);
    assertThat(sum("v:(expired)")).isZero();
    assertThat(byService(one, budget)).isEqualTo(700);
    assertThat(one.exchange(dead, budget, 2, 700, 700, 700).spent()).as("repeated").isEqualTo(700);
    assertThat(one.exchange(dead, budget, 3, 700, 5_000, 700).granted()).isEqualTo(5_000);
    until(() -> view(one, budget).spent() == 5_000);
    assertThat(byService(one, budget)).isEqualTo(5_000);
  }

  /** What was spent, service by service. */
  private long byService(Gateway gateway, BudgetConfig budget) {
    return view(gateway, budget).byService().values().stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void aCorrectionTakesBackWhatIsLeasedAndNotSpent() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    share(budget, 1);
    Gateway one = gateways.get(0);
    RedisLender other = one.lender("other");
    assertThat(one.exchange(other, budget, 1, 0, 500_000, 100_000).granted()).isEqualTo(500_000);
    until(() -> done(one, new Correction("bill", false, "", 700_000, "eva", "bill")) != null);

    long recalled = one.exchange(other, budget, 2, 500_000, 500_000, 100_000).granted();

    assertThat(recalled).isBetween(290_000L, 300_000L);
    assertThat(sum("charged")).as("until it says that it holds less").isGreaterThan(1_190_000);
    one.exchange(other, budget, 3, recalled, recalled, 100_000);
    until(() -> sum("charged") <= 1_000_000);
  }

  @Test
  void exchangesWithoutAnAnswerAreNotTriesOfARequest() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    share(budget, 1);
    Gateway one = gateways.get(0);
    usedUpWhileDeaf(one, budget);
    int before = one.stated.get();

    CompletableFuture<Verdict> late = CompletableFuture.supplyAsync(() -> asked(one, budget));
    until(() -> one.stated.get() > before + 6);
    assertThat(late).as("with a million left").isNotDone();
    one.deaf.set(false);

    assertThat(late.get(10, TimeUnit.SECONDS)).isInstanceOf(Hold.class);
  }

  @Test
  void whatWasAskedForOfAStoreThatIsLateIsAskedForUntilItAnswers() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    share(budget, 1);
    Gateway one = gateways.get(0);
    Waiting waiting = usedUpWhileDeaf(one, budget);
    // Nobody waits yet when this is stated, as on another thread between two steps.
    int refused = one.stated.get();
    until(() -> one.stated.get() > refused + 1);
    CompletableFuture<Void> exchanged = new CompletableFuture<>();
    int before = one.stated.get();

    waiting.keeper().await(() -> exchanged.complete(null));
    until(() -> one.stated.get() > before + LeaseKeeper.IDLE + 1);
    assertThat(exchanged).as("with a million left").isNotDone();
    one.deaf.set(false);
    exchanged.get(10, TimeUnit.SECONDS);

    assertThat(one.ledger.reserve(BudgetSample.ask(List.of(budget), CHAT), false))
        .isInstanceOf(Hold.class);
  }

  /** From now on no answer arrives, and what is leased is held. */
  private static Waiting usedUpWhileDeaf(Gateway gateway, BudgetConfig budget) {
    gateway.deaf.set(true);
    Verdict verdict = gateway.ledger.reserve(BudgetSample.ask(List.of(budget), CHAT));
    while (verdict instanceof Hold) {
      verdict = gateway.ledger.reserve(BudgetSample.ask(List.of(budget), CHAT));
    }
    return (Waiting) verdict;
  }

  @Test
  void aStoreThatIsLateIsAskedEverMoreRarely() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000), 0.01);
    share(budget, 1);
    Gateway one = gateways.get(0);
    usedUpWhileDeaf(one, budget);
    int before = one.stated.get();

    assertThat(ask(one.ledger, budget, CHAT)).isInstanceOf(Hold.class);

    assertThat(view(one, budget).store()).isEqualTo(BudgetView.Store.AWAY);
    assertThat(one.stated.get() - before).isLessThan(80);
  }

  @Test
  void aClockThatWasSetBackKeepsNoReplicaFromBeingHeard() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    long later = (Ticker.SYSTEM.epochMillis() + 3_600_000) * 1_000;
    redis.command("HSET " + key() + " charged 300 spent 300 q:g0 " + later + " s:g0 300 g:g0 300");
    share(budget, 1);
    Gateway one = gateways.get(0);

    until(() -> again(one, budget));

    until(() -> view(one, budget).spent() == 300);
    assertThat(sum("q:g0")).isGreaterThan(later);
  }
}
