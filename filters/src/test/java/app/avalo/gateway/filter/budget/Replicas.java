package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
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
import app.avalo.gateway.filter.budget.lease.Corrected;
import app.avalo.gateway.filter.budget.lease.Lease;
import app.avalo.gateway.filter.budget.lease.Lender;
import app.avalo.gateway.filter.budget.lease.RedisLender;
import app.avalo.gateway.filter.budget.lease.Statement;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.redis.StoreUnavailable.How;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Gateways that share one amount through a real Redis, and what tests ask of them. */
abstract class Replicas {
  static final ServiceConfig CHAT = BudgetSample.service("chat", Priority.CRITICAL);
  static final ServiceConfig PANIC = BudgetSample.service("panic", Priority.CRITICAL);

  /** Replicas, by one that Redis has told nothing. */
  static final int ASSUMED = 4;

  /** How many times sooner than others these gateways state what they have spent. */
  private static final int HASTE = 5;

  final Vertx vertx = Vertx.vertx();
  final List<Gateway> gateways = new ArrayList<>();
  RedisServer redis;
  Ticker clock = Ticker.SYSTEM; // of gateways that are started next

  /** One simulated gateway: a loop with a road to Redis, and a ledger. */
  final class Gateway {
    final Context loop = ((io.vertx.core.internal.VertxInternal) vertx).createEventLoopContext();
    final ConcurrentLinkedQueue<Kind> told = new ConcurrentLinkedQueue<>();
    final AtomicBoolean deaf = new AtomicBoolean();
    final AtomicBoolean dead = new AtomicBoolean(); // says nothing any more
    final AtomicInteger stated = new AtomicInteger(); // statements that were answered
    final CompletableFuture<BudgetLedger> made = new CompletableFuture<>();
    final BudgetLedger ledger;
    volatile Future<Void> operators = BudgetListener.HAVE; // completes when they have a notice

    Gateway(String name) throws Exception {
      this(name, Journal.NONE);
    }

    Gateway(String name, Journal journal) throws Exception {
      loop.runOnContext(
          go -> {
            RedisLink link =
                RedisLink.connect(
                    vertx, redis.config(Duration.ofSeconds(2), "avalo"), Ticker.SYSTEM);
            made.complete(
                BudgetLedger.shared(
                    new BudgetLedger.Sharing(
                        new Failing(new RedisLender(link, "avalo", name), deaf, dead, stated),
                        task -> loop.runOnContext(run -> task.run()),
                        hasty(),
                        clock,
                        ASSUMED),
                    journal,
                    (view, notice) -> hear(notice)));
          });
      ledger = made.get(5, TimeUnit.SECONDS);
      gateways.add(this);
    }

    private Future<Void> hear(Notice notice) {
      told.add(notice.kind());
      return operators;
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
      return exchange(by, budget, sequence, keep, want, 0, spent);
    }

    /** Likewise by one that could use no less than this. */
    Lease exchange(
        RedisLender by,
        BudgetConfig budget,
        long sequence,
        long keep,
        long want,
        long least,
        long spent)
        throws Exception {
      Span span = Span.of(budget, Ticker.SYSTEM.epochMillis());
      Statement.Where where =
          new Statement.Where(
              "ai", span.key(), 1_000_000, span.endMillis(), budget.leaseExpiry().toMillis());
      Statement said =
          new Statement(
              where,
              sequence,
              keep,
              want,
              want,
              least,
              spent,
              spent,
              List.of(),
              List.of(),
              true,
              List.of("chat"),
              new long[] {spent});
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

  /** A road to Redis on which answers get lost at times. */
  private record Failing(Lender way, AtomicBoolean deaf, AtomicBoolean dead, AtomicInteger stated)
      implements Lender {
    @Override
    public Future<Lease> exchange(Statement said) {
      if (dead.get()) {
        return Future.failedFuture(new StoreUnavailable("no answer in time"));
      }
      return way.exchange(said)
          .onSuccess(lease -> stated.incrementAndGet())
          .compose(
              lease ->
                  deaf.get()
                      ? Future.failedFuture(new StoreUnavailable(How.LATE, "no answer in time"))
                      : Future.succeededFuture(lease));
    }

    @Override
    public Future<Corrected> correct(
        Statement.Where where, Collection<Statement.Where> others, Change change) {
      return way.correct(where, others, change);
    }

    @Override
    public Future<Void> order(Statement.Where where, long startMillis, Order order) {
      return way.order(where, startMillis, order);
    }

    @Override
    public Future<Map<String, Long>> sums(Statement.Where where) {
      return way.sums(where);
    }
  }

  /** Clocks stay as they are: what is late or away stays so for as long as everywhere. */
  private Timers hasty() {
    Timers timers = Timers.of(vertx);
    return (delay, task) -> timers.after(delay.dividedBy(HASTE), task);
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

  static Plan plan(BudgetConfig budget) {
    return Plans.minimal()
        .service(BudgetSample.service("ai", Priority.NORMAL))
        .service(CHAT)
        .service(PANIC)
        .budget(budget)
        .compile();
  }

  static Verdict ask(BudgetLedger ledger, BudgetConfig budget, ServiceConfig service)
      throws Exception {
    return ask(ledger, BudgetSample.ask(List.of(budget), service));
  }

  /** Asks as the filter does: waits for the lease up to three times. */
  static Verdict ask(BudgetLedger ledger, Tariff.Ask ask) throws Exception {
    for (int attempt = 1; ; attempt++) {
      Verdict verdict = ledger.reserve(ask, attempt < 3);
      if (!(verdict instanceof Waiting waiting)) {
        return verdict;
      }
      CompletableFuture<Void> exchanged = new CompletableFuture<>();
      waiting.keeper().await(() -> exchanged.complete(null));
      exchanged.get(10, TimeUnit.SECONDS);
    }
  }

  static void until(BooleanSupplier holds) {
    long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      LockSupport.parkNanos(1_000_000);
    }
  }

  long sum(String field) {
    try {
      return read(field);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private long read(String field) throws IOException {
    String key = redis.command("KEYS avalo:budget:*");
    assertThat(key).isEqualTo("*1");
    return Long.parseLong(redis.command("HGET " + key() + " " + field));
  }

  static String key() {
    Span span = Span.of(budget("ai", 1, flat(1)), Ticker.SYSTEM.epochMillis());
    return "avalo:budget:{ai}:" + span.key();
  }

  /** Starts so many gateways that share a budget, and waits until all have reached Redis. */
  void share(BudgetConfig budget, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      new Gateway("g" + i).ledger.configure(plan(budget));
    }
    until(
        () -> gateways.stream().allMatch(g -> view(g, budget).store() == BudgetView.Store.SHARED));
  }

  BudgetView view(Gateway gateway, BudgetConfig budget) {
    return gateway.ledger.view(plan(budget)).get(0);
  }

  /** Callers that go on until their gateway refuses them ten times in a row. */
  AtomicLong spendAll(BudgetConfig budget, int callers, long worst) throws Exception {
    AtomicLong truth = new AtomicLong();
    AtomicLong most = new AtomicLong();
    ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (Gateway gateway : gateways) {
      for (int c = 0; c < callers; c++) {
        SplittableRandom random = new SplittableRandom(threads.size());
        Thread thread =
            new Thread(
                () -> {
                  int refusals = 0;
                  try {
                    while (refusals < 10) {
                      if (ask(gateway.ledger, budget, CHAT) instanceof Hold hold) {
                        long cost = random.nextInt(4) == 0 ? worst : random.nextLong(worst + 1);
                        long now = truth.addAndGet(cost);
                        most.accumulateAndGet(now, Math::max);
                        gateway.ledger.settle(hold, new long[] {cost}, gateway.ledger.nowMillis());
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

  static boolean again(Gateway gateway, BudgetConfig budget) {
    return asked(gateway, budget) instanceof Hold;
  }

  static Verdict asked(Gateway gateway, BudgetConfig budget) {
    try {
      return ask(gateway.ledger, budget, CHAT);
    } catch (Exception failure) {
      throw new AssertionError(failure);
    }
  }

  static Boolean done(Gateway gateway, Correction correction) {
    return done(gateway, null, correction);
  }

  static Boolean done(Gateway gateway, String period, Correction correction) {
    return done(gateway, "ai", period, correction);
  }

  static Boolean done(Gateway gateway, String budget, String period, Correction correction) {
    try {
      return gateway
          .ledger
          .desk()
          .correct(budget, period, correction)
          .toCompletionStage()
          .toCompletableFuture()
          .get(5, TimeUnit.SECONDS);
    } catch (Exception failure) {
      return null;
    }
  }
}
