package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.byHeader;
import static app.avalo.gateway.filter.budget.BudgetSample.cost;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static app.avalo.gateway.filter.budget.BudgetSample.priced;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetLedger.Verdict;
import app.avalo.gateway.filter.budget.lease.Lease;
import app.avalo.gateway.filter.budget.lease.RedisLender;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.pace.Tally;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gateways that share one amount through a real Redis. */
class SharedBudgetIT extends Replicas {
  @Test
  void fourGatewaysWithSixtyFourCallersEachNeverOverspend() throws Exception {
    BudgetConfig budget = budget("ai", 2_000_000, byHeader("X-Cost", 1_000));
    share(budget, 4);

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
  void correctionsReachEveryReplicaOnce() throws Exception {
    BudgetConfig budget = budget("ai", 10_000, flat(1_000));
    share(budget, 2);
    Gateway one = gateways.get(0);
    Gateway two = gateways.get(1);
    Correction invoice = new Correction("inv-1", false, "", 9_500, "eva", "invoice");

    until(() -> done(one, invoice) != null);
    assertThat(done(two, invoice)).isFalse();

    until(() -> view(two, budget).spent() == 9_500 && view(one, budget).spent() == 9_500);
    assertThat(ask(two.ledger, budget, CHAT)).isInstanceOf(Refused.class);
    assertThat(done(two, new Correction("up", true, "", 90_500, "eva", "campaign"))).isTrue();
    until(() -> again(one, budget));
    assertThat(view(one, budget).amount()).isEqualTo(100_500);
  }

  @Test
  void ordersImportedCostsAndMonthsAreCommon() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    share(budget, 2);
    Gateway one = gateways.get(0);
    Gateway two = gateways.get(1);
    Hold hold = (Hold) ask(one.ledger, budget, CHAT);
    BudgetSample.served(hold);
    one.ledger.settle(hold, new long[] {600}, one.ledger.nowMillis());
    until(() -> done(one, new Correction("inv", false, "ai", 4_000, "eva", "bill")) != null);
    long until = Ticker.SYSTEM.epochMillis() + 60_000;

    one.ledger.desk().order("ai", new BudgetDesk.Order(true, until, "eva", "odd"));

    until(() -> view(two, budget).frozenUntil() == until);
    assertThat(ask(two.ledger, budget, CHAT)).isInstanceOf(Refused.class);
    assertThat(ask(two.ledger, budget, PANIC)).isInstanceOf(Hold.class);
    until(() -> view(two, budget).spent() == 4_600);
    BudgetMonth month = month(two, budget);
    assertThat(month.spent()).isEqualTo(4_600);
    assertThat(month.by("")).containsEntry("chat", 600L).containsEntry("ai", 4_000L);
    assertThat(month.by("region")).containsExactly(java.util.Map.entry("eu", 600L));
    assertThat(month.by("day")).hasSize(1).containsValue(600L);
  }

  @Test
  void whatAllSpentOfABudgetIsKnownWhereAReloadRemovedIt() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    share(budget, 2);
    for (Gateway each : gateways) {
      Hold hold = (Hold) ask(each.ledger, budget, CHAT);
      each.ledger.settle(hold, new long[] {300}, each.ledger.nowMillis());
    }
    until(() -> sum("spent") == 600);
    BudgetLedger one = gateways.get(0).ledger;
    String month = Span.of(budget, Ticker.SYSTEM.epochMillis()).key().substring(0, 7);

    one.configure(Plans.minimal().compile());

    BudgetMonth removed = BudgetSample.done(one.desk().removed(Set.of(), month)).get(0);
    assertThat(removed.removed()).isTrue();
    assertThat(removed.amount()).isEqualTo(1_000_000);
    assertThat(removed.spent()).isEqualTo(600);
    assertThat(removed.by("")).containsExactly(java.util.Map.entry("chat", 600L));
  }

  /** It needs no lease, so the first that Redis hears is that something is spent. */
  @Test
  void aFloorThatComesFirstStopsNobody() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    Gateway one = new Gateway("one");
    one.dead.set(true);
    one.ledger.configure(plan(budget));
    Hold first = (Hold) ask(one.ledger, budget, PANIC);
    one.dead.set(false);

    until(() -> view(one, budget).store() == BudgetView.Store.SHARED);

    assertThat(redis.command("HGET " + key() + " settling")).isEqualTo("$-1");
    assertThat(ask(one.ledger, budget, CHAT)).isInstanceOf(Hold.class);
    one.ledger.settle(first, new long[] {700}, one.ledger.nowMillis());
    until(() -> sum("spent") == 700);
  }

  /** Of a budget of routes, which names no services; earlier releases kept no list of them. */
  @ParameterizedTest
  @ValueSource(strings = {"EXISTS %s", "HDEL %s names", "HSET %s names ai"})
  void aServiceThatOnlyAnotherGatewayChargedIsShownByAll(String upgrade) throws Exception {
    BudgetConfig budget = BudgetSample.ofRoutes(budget("ai", 1_000_000, flat(1_000)));
    share(budget, 2);
    Gateway one = gateways.get(0);
    Gateway two = gateways.get(1);

    Hold hold = (Hold) ask(one.ledger, budget, CHAT);
    one.ledger.settle(hold, new long[] {600}, one.ledger.nowMillis());
    until(() -> done(one, new Correction("inv", false, "ai", 400, "eva", "bill")) != null);
    until(() -> view(two, budget).spent() == 1_000);
    redis.command(upgrade.formatted(key()));
    hold = (Hold) ask(one.ledger, budget, CHAT);
    one.ledger.settle(hold, new long[] {100}, one.ledger.nowMillis());

    until(() -> view(two, budget).byService().equals(java.util.Map.of("chat", 700L, "ai", 400L)));
    assertThat(view(one, budget).byService()).isEqualTo(view(two, budget).byService());
  }

  /** The machine's clocks, set forward as a test goes. */
  private static final class Later implements Ticker {
    private final AtomicLong ahead = new AtomicLong();

    @Override
    public long nanos() {
      return SYSTEM.nanos();
    }

    @Override
    public long epochMillis() {
      return SYSTEM.epochMillis() + ahead.get();
    }
  }

  @Test
  void anOrderHoldsInFurtherPeriodsAtEveryReplicaAndSoDoesItsEnd() throws Exception {
    Later later = new Later();
    clock = later;
    BudgetConfig budget = BudgetSample.daily(budget("ai", 1_000_000, flat(1_000)));
    share(budget, 2);
    Gateway one = gateways.get(0);
    Gateway two = gateways.get(1);
    long day = Duration.ofDays(1).toMillis();
    long until = later.epochMillis() + 3 * day;

    one.ledger.desk().order("ai", new BudgetDesk.Order(true, until, "eva", "holidays"));
    until(() -> view(two, budget).frozenUntil() == until);
    later.ahead.set(day);

    assertThat(ask(two.ledger, budget, CHAT)).isInstanceOf(Refused.class);
    assertThat(ask(one.ledger, budget, PANIC)).isInstanceOf(Hold.class);
    Gateway three = new Gateway("g3");
    three.ledger.configure(plan(budget));
    until(() -> view(three, budget).frozenUntil() == until);
    assertThat(ask(three.ledger, budget, CHAT)).as("one that started").isInstanceOf(Refused.class);
    three.ledger.desk().order("ai", new BudgetDesk.Order(true, 0, "eva", "fine"));
    until(() -> again(one, budget));
    later.ahead.set(2 * day);
    until(() -> again(two, budget));
    assertThat(view(two, budget).frozenUntil()).isZero();
  }

  @Test
  void anOrderHoldsWhereAReloadMakesDaysOfMonths() throws Exception {
    BudgetConfig monthly = budget("ai", 1_000_000, flat(1_000));
    BudgetConfig daily = BudgetSample.daily(monthly);
    share(monthly, 2);
    Gateway one = gateways.get(0);
    Gateway two = gateways.get(1);
    long until = Ticker.SYSTEM.epochMillis() + 3_600_000;
    one.ledger.desk().order("ai", new BudgetDesk.Order(true, until, "eva", "odd bill"));
    until(() -> view(two, monthly).frozenUntil() == until);

    two.ledger.configure(plan(daily));
    until(() -> view(two, daily).store() == BudgetView.Store.SHARED);

    assertThat(view(two, daily).frozenUntil()).isEqualTo(until);
    assertThat(ask(two.ledger, daily, CHAT)).isInstanceOf(Refused.class);
    Gateway three = new Gateway("g3");
    three.ledger.configure(plan(daily));
    until(() -> view(three, daily).frozenUntil() == until);
    three.ledger.desk().order("ai", new BudgetDesk.Order(true, 0, "eva", "fine"));
    until(() -> again(two, daily) && again(one, monthly));
  }

  /** How many of these calls are paid. */
  private static int paid(Gateway gateway, BudgetConfig budget, int calls) throws Exception {
    int paid = 0;
    for (int i = 0; i < calls; i++) {
      if (ask(gateway.ledger, budget, CHAT) instanceof Hold hold) {
        gateway.ledger.settle(hold, new long[] {10_000}, gateway.ledger.nowMillis());
        paid++;
      }
    }
    return paid;
  }

  private static Tariff.Ask dear(BudgetConfig budget) {
    return new Tariff.Ask(new Tariff(List.of(budget), CHAT, "all", "POST"), 0, "vip", null, 0);
  }

  @ParameterizedTest
  @ValueSource(longs = {50_000_000, 15_000_000})
  void aDearRequestAtOneGatewayLeavesTheOthersWhatItDoesNotPayFor(long price) throws Exception {
    BudgetConfig.Price post = new BudgetConfig.Price(List.of(), List.of("POST"), flat(price));
    BudgetConfig budget = priced(budget("ai", 20_000_000, flat(10_000)), List.of(post));
    share(budget, 2);
    Gateway one = gateways.get(0);

    Verdict verdict = ask(one.ledger, dear(budget));

    assertThat(verdict).isInstanceOf(price > 20_000_000 ? Refused.class : Hold.class);
    int stated = one.stated.get();
    until(() -> one.stated.get() > stated + 1);
    assertThat(paid(gateways.get(1), budget, 100)).isEqualTo(100);
    assertThat(paid(one, budget, 100)).isEqualTo(100);
  }

  @ParameterizedTest
  @ValueSource(longs = {15_000_000, 25_000_000})
  void aRequestThatWaitsForALeaseIsAskedForOnceWhateverComesOfIt(long price) throws Exception {
    BudgetConfig.Price post = new BudgetConfig.Price(List.of(), List.of("POST"), flat(price));
    BudgetConfig budget = priced(budget("ai", 20_000_000, flat(10_000)), List.of(post));
    share(budget, 1);
    Gateway one = gateways.get(0);
    assertThat(one.ledger.reserve(dear(budget))).isInstanceOf(BudgetLedger.Waiting.class);

    Verdict verdict = ask(one.ledger, dear(budget));

    assertThat(verdict).isInstanceOf(price < 20_000_000 ? Hold.class : Refused.class);
    Tally tally =
        one.ledger.known("ai").term(one.ledger.nowMillis()).tally(budget, java.util.Map.of());
    assertThat(tally.asked()[Standing.CRITICAL.ordinal()]).isEqualTo(price);
  }

  @Test
  void anAnswerThatFlowsEndsWhenWhatIsLeftPaysForAUsualRequestButNotForIt() throws Exception {
    BudgetConfig budget = budget("ai", 11_000, cost(0, 0, 1 << 20, null, 1_000));
    share(budget, 1);
    Gateway one = gateways.get(0);
    Exchange exchange = Exchanges.on(plan(budget)).live();
    Hold hold = (Hold) ask(one.ledger, budget, CHAT);
    hold.of(exchange);
    one.ledger.open(Runnable::run).add(hold);
    Hold other = (Hold) ask(one.ledger, budget, CHAT);
    assertThat(waitsFor(hold, exchange, 8_600)).isLessThan(WAITS);

    int waits = waitsFor(hold, exchange, 1_900);

    assertThat(waits).as("1,400 are left").isLessThan(WAITS);
    assertThat(hold.meter(exchange, 1_900, 0)).isNotNull();
    one.ledger.settle(other, new long[1], one.ledger.nowMillis());
  }

  private static final int WAITS = 50;

  /** How often it has to wait until so many bytes are paid or refused; 1 micro-unit each. */
  private static int waitsFor(Hold hold, Exchange exchange, int bytes) throws Exception {
    for (int waits = 0; waits < WAITS; waits++) {
      boolean paid = hold.meter(exchange, bytes, 0) == null;
      CompletableFuture<Void> asked = new CompletableFuture<>();
      if (paid || !hold.awaits(() -> asked.complete(null))) {
        exchange.addBytesOut(paid ? bytes : 0);
        return waits;
      }
      asked.get(10, TimeUnit.SECONDS);
    }
    return WAITS;
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

  @Test
  void aCostIsBookedOnceToThePeriodItIsOfAsLongAsThatIsKnown() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    Span running = Span.of(budget, Ticker.SYSTEM.epochMillis());
    Span before = running.before(budget);
    String month = before.key().substring(0, 7);
    String known = "avalo:budget:{ai}:" + before.key();
    redis.command("HSET " + known + " spent 700 charged 700 c:inv-1 spent-500-eva");
    share(budget, 2);
    Gateway one = gateways.get(0);
    Gateway two = gateways.get(1);

    assertThat(done(one, new Correction("inv-1", false, "ai", 500, "eva", "again"))).isFalse();
    Correction late = new Correction("inv-2", false, "ai", 300, "eva", "late");
    assertThat(done(one, month, late)).isTrue();
    assertThat(done(two, month, late)).isFalse();
    assertThat(done(two, late)).isFalse();

    assertThat(redis.command("HGET " + known + " spent")).isEqualTo("1000");
    assertThat(redis.command("HGET " + known + " v:ai")).isEqualTo("300");
    assertThat(view(one, budget).spent()).isZero();
    String unknown = before.before(budget).key().substring(0, 7);
    assertThat(done(one, unknown, new Correction("inv-3", false, "ai", 1, "eva", "r"))).isNull();
  }

  @Test
  void aBudgetThatAReloadTookOutIsNotLeasedAnyMoreUntilItIsBack() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    share(budget, 1);
    Gateway one = gateways.get(0);
    LeaseKeeper keeper = one.ledger.known("ai").keeper();
    Hold hold = (Hold) ask(one.ledger, budget, CHAT);
    one.ledger.settle(hold, new long[] {700}, one.ledger.nowMillis());

    one.ledger.configure(Plans.minimal().compile());
    until(keeper::rests);

    assertThat(sum("spent")).isEqualTo(700);
    assertThat(sum("charged")).as("all else is given back").isEqualTo(700);
    one.ledger.configure(plan(budget));
    until(() -> again(one, budget));
    assertThat(keeper.rests()).isFalse();
  }

  @Test
  void partsThatPayForNoRequestAreLeftToBePutTogether() throws Exception {
    BudgetConfig budget = budget("ai", 1_000_000, flat(50_000));
    Gateway gateway = new Gateway("g0");
    RedisLender one = gateway.lender("r1");
    RedisLender two = gateway.lender("r2");
    gateway.exchange(one, budget, 1, 0, 500_000, 0);
    gateway.exchange(two, budget, 1, 0, 450_000, 0);

    Lease half = gateway.exchange(one, budget, 2, 500_000, 700_000, 550_000, 500_000);
    Lease whole = gateway.exchange(two, budget, 2, 450_000, 500_000, 500_000, 450_000);

    assertThat(half.granted()).isEqualTo(500_000);
    assertThat(whole.granted()).as("the last request").isEqualTo(500_000);
  }
}
