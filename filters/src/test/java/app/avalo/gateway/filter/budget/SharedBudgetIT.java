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
import app.avalo.gateway.filter.budget.BudgetLedger.Verdict;
import app.avalo.gateway.filter.budget.BudgetLedger.Waiting;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.lease.Lease;
import app.avalo.gateway.filter.budget.lease.RedisLender;
import app.avalo.gateway.filter.budget.lease.Statement;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Gateways that share one amount through a real Redis. */
class SharedBudgetIT {
  private static final ServiceConfig CHAT = BudgetSample.service("chat", Priority.CRITICAL);
  private static final ServiceConfig PANIC = BudgetSample.service("panic", Priority.CRITICAL);

  private final Vertx vertx = Vertx.vertx();
  private final List<Gateway> gateways = new ArrayList<>();
  private RedisServer redis;

  /** One simulated gateway: a loop with a road to Redis, and a ledger. */
  private final class Gateway {
    final Context loop = ((io.vertx.core.internal.VertxInternal) vertx).createEventLoopContext();
    final ConcurrentLinkedQueue<Kind> told = new ConcurrentLinkedQueue<>();
    final CompletableFuture<BudgetLedger> made = new CompletableFuture<>();
    final BudgetLedger ledger;

    Gateway(String name) throws Exception {
      loop.runOnContext(
          go -> {
            RedisLink link =
                RedisLink.connect(
                    vertx, redis.config(Duration.ofSeconds(2), "avalo"), Ticker.SYSTEM);
            made.complete(
                BudgetLedger.shared(
                    new BudgetLedger.Sharing(
                        new RedisLender(link, "avalo", name),
                        task -> loop.runOnContext(run -> task.run()),
                        Timers.of(vertx),
                        Ticker.SYSTEM),
                    Journal.NONE,
                    (view, notice) -> told.add(notice.kind())));
          });
      ledger = made.get(5, TimeUnit.SECONDS);
      gateways.add(this);
    }

    /** A lender by which another replica would speak. */
    RedisLender lender(String replica) throws Exception {
      return on(
          () ->
              new RedisLender(
                  RedisLink.connect(
                      vertx, redis.config(Duration.ofSeconds(2), "avalo"), Ticker.SYSTEM),
                  "avalo",
                  replica));
    }

    /** One statement by that replica, once Redis is reached. */
    Lease exchange(
        RedisLender by, BudgetConfig budget, long sequence, long keep, long want, long spent)
        throws Exception {
      Span span = Span.of(budget, Ticker.SYSTEM.epochMillis());
      Statement.Where where =
          new Statement.Where(
              "ai", span.key(), 1_000_000, span.endMillis(), budget.leaseExpiry().toMillis());
      Statement said =
          new Statement(where, sequence, keep, want, spent, List.of(), List.of(), new long[0]);
      CompletableFuture<Lease> answer = new CompletableFuture<>();
      loop.runOnContext(go -> say(by, said, answer));
      return answer.get(10, TimeUnit.SECONDS);
    }

    private void say(RedisLender by, Statement said, CompletableFuture<Lease> answer) {
      by.exchange(said)
          .onSuccess(answer::complete)
          .onFailure(away -> vertx.setTimer(20, again -> say(by, said, answer)));
    }

    private <T> T on(Supplier<T> task) throws Exception {
      CompletableFuture<T> done = new CompletableFuture<>();
      loop.runOnContext(go -> done.complete(task.get()));
      return done.get(5, TimeUnit.SECONDS);
    }
  }

  @BeforeEach
  void start() {
    redis = RedisServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    redis.close();
  }

  private static Plan plan(BudgetConfig budget) {
    return Plans.minimal()
        .service(BudgetSample.service("ai", Priority.NORMAL))
        .service(CHAT)
        .service(PANIC)
        .budget(budget)
        .compile();
  }

  /** Asks as the filter does: waits for the lease up to three times. */
  private static Verdict ask(
      BudgetLedger ledger, String id, BudgetConfig budget, ServiceConfig service) throws Exception {
    for (int attempt = 1; ; attempt++) {
      Verdict verdict = ledger.reserve(BudgetSample.ask(id, List.of(budget), service));
      if (!(verdict instanceof Waiting waiting)) {
        return verdict;
      }
      if (attempt == 3) {
        return waiting.refused();
      }
      CompletableFuture<Void> exchanged = new CompletableFuture<>();
      waiting.keeper().await(() -> exchanged.complete(null));
      exchanged.get(10, TimeUnit.SECONDS);
    }
  }

  private static void until(BooleanSupplier holds) {
    long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private long sum(String field) throws Exception {
    String key = redis.command("KEYS avalo:budget:*");
    assertThat(key).isEqualTo("*1");
    return Long.parseLong(redis.command("HGET " + key() + " " + field));
  }

  private static String key() {
    Span span = Span.of(budget("ai", 1, flat(1)), Ticker.SYSTEM.epochMillis());
    return "avalo:budget:{ai}:" + span.key();
  }

  /** Waits until every gateway has reached Redis. */
  private void shared(BudgetConfig budget) {
    until(
        () -> gateways.stream().allMatch(g -> view(g, budget).store() == BudgetView.Store.SHARED));
  }

  private BudgetView view(Gateway gateway, BudgetConfig budget) {
    return gateway.ledger.view(plan(budget)).get(0);
  }

  /** Callers that go on until their gateway refuses them ten times in a row. */
  private AtomicLong spendAll(BudgetConfig budget, int callers, long worst) throws Exception {
    AtomicLong truth = new AtomicLong();
    AtomicLong most = new AtomicLong();
    ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    AtomicInteger ids = new AtomicInteger();
    for (Gateway gateway : gateways) {
      for (int c = 0; c < callers; c++) {
        SplittableRandom random = new SplittableRandom(threads.size());
        Thread thread =
            new Thread(
                () -> {
                  int refusals = 0;
                  try {
                    while (refusals < 10) {
                      String id = "r" + ids.incrementAndGet();
                      if (ask(gateway.ledger, id, budget, CHAT) instanceof Hold hold) {
                        long cost = random.nextInt(4) == 0 ? worst : random.nextLong(worst + 1);
                        long now = truth.addAndGet(cost);
                        most.accumulateAndGet(now, Math::max);
                        gateway.ledger.settle(hold, new long[] {cost});
                        refusals = 0;
                      } else {
                        refusals++;
                        // A refusal may only mean that all of a lease is in flight just now.
                        LockSupport.parkNanos(5_000_000);
                      }
                    }
                  } catch (Throwable fault) {
                    faults.add(fault);
                  }
                });
        threads.add(thread);
        thread.start();
      }
    }
    for (Thread thread : threads) {
      thread.join(60_000);
    }
    assertThat(faults).isEmpty();
    assertThat(most.get()).isLessThanOrEqualTo(budget.amount().micros());
    return truth;
  }

  @Test
  void fourGatewaysWithSixtyFourCallersEachNeverOverspend() throws Exception {
    BudgetConfig budget = budget("ai", 2_000_000, byHeader("X-Cost", 1_000));
    for (int i = 0; i < 4; i++) {
      new Gateway("g" + i).ledger.configure(plan(budget));
    }
    shared(budget);

    AtomicLong truth = spendAll(budget, 64, 1_000);

    assertThat(truth.get()).isBetween(1_850_000L, 2_000_000L);
    until(() -> gateways.stream().allMatch(g -> view(g, budget).spent() == truth.get()));
    assertThat(sum("spent")).isEqualTo(truth.get());
    assertThat(sum("charged")).isBetween(truth.get(), 2_000_000L);
    assertThat(view(gateways.get(0), budget).byService()).containsEntry("chat", truth.get());
    for (Kind kind : List.of(Kind.ALERT, Kind.THROTTLE, Kind.CRITICAL)) {
      assertThat(gateways.stream().flatMap(g -> g.told.stream()).filter(kind::equals))
          .as("%s is told once", kind)
          .hasSize(1);
    }
  }

  @Test
  void aRedisThatDiesAndReturnsEmptyCostsNoMoneyAndNoRestart() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000_000, flat(1_000), 0.005);
    Gateway one = new Gateway("g0");
    Gateway two = new Gateway("g1");
    one.ledger.configure(plan(budget));
    two.ledger.configure(plan(budget));
    shared(budget);
    long before = 0;
    for (Gateway gateway : gateways) {
      for (int i = 0; i < 50; i++) {
        Verdict verdict = ask(gateway.ledger, "a" + before, budget, CHAT);
        if (verdict instanceof Hold hold) {
          gateway.ledger.settle(hold, new long[] {1_000});
          before++;
        }
      }
    }
    assertThat(before).isEqualTo(100);
    redis.kill();
    until(() -> view(one, budget).store() == BudgetView.Store.AWAY);

    long alone = 0;
    while (ask(one.ledger, "b" + alone, budget, CHAT) instanceof Hold hold) {
      one.ledger.settle(hold, new long[] {1_000});
      alone++;
      // 5,000 of the allowance, and at most 1,000 that were leased.
      assertThat(alone).as("the allowance is bounded").isLessThanOrEqualTo(6_000);
    }
    assertThat(alone).isGreaterThanOrEqualTo(5_000);
    assertThat(ask(one.ledger, "floor", budget, PANIC)).isInstanceOf(Hold.class);
    Hold floor = (Hold) ask(one.ledger, "floor", budget, PANIC);
    one.ledger.settle(floor, new long[] {1_000});
    redis.restart();

    long truth = (before + alone + 1) * 1_000;
    until(() -> view(one, budget).spent() == truth && view(two, budget).spent() == truth);
    until(() -> again(two, budget));
    assertThat(view(one, budget).store()).isEqualTo(BudgetView.Store.SHARED);
  }

  private static boolean again(Gateway gateway, BudgetConfig budget) {
    try {
      return ask(gateway.ledger, "z" + System.nanoTime(), budget, CHAT) instanceof Hold;
    } catch (Exception failure) {
      throw new AssertionError(failure);
    }
  }

  @Test
  void whatASilentReplicaHadLeasedIsChargedUntilItTellsTheTruth() throws Exception {
    BudgetConfig budget = BudgetSample.expiring(budget("ai", 1_000_000, flat(1_000)), 300);
    Gateway one = new Gateway("g0");
    one.ledger.configure(plan(budget));
    shared(budget);
    RedisLender dead = one.lender("dead");

    assertThat(one.exchange(dead, budget, 1, 0, 5_000, 400).granted()).isEqualTo(5_000);
    assertThat(view(one, budget).spent()).isLessThanOrEqualTo(400);
    until(() -> view(one, budget).spent() == 5_000);
    assertThat(sum("v:(expired)")).isEqualTo(4_600);
    assertThat(one.exchange(dead, budget, 2, 700, 700, 700).spent()).isEqualTo(700);
    until(() -> view(one, budget).spent() == 700);
    assertThat(sum("v:(expired)")).isZero();
    assertThat(one.exchange(dead, budget, 2, 700, 700, 700).spent()).as("repeated").isEqualTo(700);
  }

  @Test
  void correctionsReachEveryReplicaOnce() throws Exception {
    BudgetConfig budget = budget("ai", 10_000, flat(1_000));
    Gateway one = new Gateway("g0");
    Gateway two = new Gateway("g1");
    one.ledger.configure(plan(budget));
    two.ledger.configure(plan(budget));
    shared(budget);
    Correction invoice = new Correction("inv-1", false, "", 9_500, "eva", "invoice");

    until(() -> done(one, invoice) != null);
    assertThat(done(two, invoice)).isFalse();

    until(() -> view(two, budget).spent() == 9_500 && view(one, budget).spent() == 9_500);
    assertThat(ask(two.ledger, "x", budget, CHAT)).isInstanceOf(Refused.class);
    assertThat(done(two, new Correction("up", true, "", 90_500, "eva", "campaign"))).isTrue();
    until(() -> again(one, budget));
    assertThat(view(one, budget).amount()).isEqualTo(100_500);
  }

  @Test
  void ordersImportedCostsAndMonthsAreCommon() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    Gateway one = new Gateway("g0");
    Gateway two = new Gateway("g1");
    one.ledger.configure(plan(budget));
    two.ledger.configure(plan(budget));
    shared(budget);
    Hold hold = (Hold) ask(one.ledger, "paid", budget, CHAT);
    hold.servedBy("eu");
    one.ledger.settle(hold, new long[] {600});
    until(() -> done(one, new Correction("inv", false, "ai", 4_000, "eva", "bill")) != null);
    long until = Ticker.SYSTEM.epochMillis() + 60_000;

    one.ledger.desk().order("ai", new BudgetDesk.Order(true, until, "eva", "odd"));

    until(() -> view(two, budget).frozenUntil() == until);
    assertThat(ask(two.ledger, "x", budget, CHAT)).isInstanceOf(Refused.class);
    assertThat(ask(two.ledger, "y", budget, PANIC)).isInstanceOf(Hold.class);
    until(() -> view(two, budget).spent() == 4_600);
    BudgetMonth month = month(two, budget);
    assertThat(month.spent()).isEqualTo(4_600);
    assertThat(month.by("")).containsEntry("chat", 600L).containsEntry("ai", 4_000L);
    assertThat(month.by("region")).containsExactly(java.util.Map.entry("eu", 600L));
    assertThat(month.by("day")).hasSize(1).containsValue(600L);
  }

  private static BudgetMonth month(Gateway gateway, BudgetConfig budget) throws Exception {
    String month = Span.of(budget, Ticker.SYSTEM.epochMillis()).key().substring(0, 7);
    return gateway
        .ledger
        .desk()
        .month(budget, month)
        .toCompletionStage()
        .toCompletableFuture()
        .get(5, TimeUnit.SECONDS);
  }

  private static Boolean done(Gateway gateway, Correction correction) {
    try {
      return gateway
          .ledger
          .desk()
          .correct("ai", correction)
          .toCompletionStage()
          .toCompletableFuture()
          .get(5, TimeUnit.SECONDS);
    } catch (Exception failure) {
      return null;
    }
  }
}
