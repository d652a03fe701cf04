package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.LocalReceipts;
import app.avalo.gateway.filter.budget.receipt.Receipt;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpHeaders;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that carry an id, sent again. */
class RepeatedRequestsTest {
  private static final long RESERVE = 9_000;

  private final VirtualTime time = new VirtualTime();
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);
  private final Late late = new Late(LocalReceipts.inMemory(time));
  private final BudgetFilter filter = new BudgetFilter(ledger, Runnable::run, late);
  private final Plan plan = plan("Idempotency-Key");

  /** Answers when it is told to, as a store elsewhere does. */
  private static final class Late implements Receipts {
    private final Receipts behind;
    private final ArrayDeque<Runnable> answers = new ArrayDeque<>();
    private boolean waits;
    private boolean away;

    Late(Receipts behind) {
      this.behind = behind;
    }

    @Override
    public Future<Long> begin(Receipt receipt, long micros) {
      return away ? Future.failedFuture("away") : behind.begin(receipt, micros);
    }

    @Override
    public Future<Charged> charge(Receipt receipt, long micros) {
      Future<Charged> answer = away ? Future.failedFuture("away") : behind.charge(receipt, micros);
      if (!waits) {
        return answer;
      }
      Promise<Charged> promise = Promise.promise();
      answers.add(() -> answer.onComplete(promise));
      return promise.future();
    }
  }

  private static Plan plan(String header) {
    return Plans.minimal()
        .service(BudgetSample.service("ai", Priority.NORMAL))
        .budget(budget("ai", 1_000_000_000, told(header)))
        .compile();
  }

  private static Cost told(String header) {
    return new Cost(0, 0, 0, 0, "X-Cost", Map.of(), RESERVE, RESERVE, header);
  }

  private Exchanges request(String id) {
    return Exchanges.on(plan).user("ada").header("Idempotency-Key", id);
  }

  private BudgetView view(Plan of) {
    return ledger.view(of).get(0);
  }

  private long spent() {
    return view(plan).spent();
  }

  private Exchange begun(Exchanges request) {
    Exchange exchange = request.live();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    exchange.attempt(exchange.plan().regions().get(0));
    exchange.sent();
    return exchange;
  }

  private void ended(Exchange exchange, long micros) {
    String cost = BigDecimal.valueOf(micros, 6).toPlainString();
    filter.response(exchange, new Reply.Proxied(200, HttpHeaders.headers().set("X-Cost", cost)));
    exchange.ended(1);
    filter.end(exchange);
  }

  private void served(Exchanges request, long micros) {
    ended(begun(request), micros);
  }

  @Test
  void theSameIdPaysOnce() {
    served(request("a"), 5_000);
    served(request("a"), 5_000);
    served(request("b"), 300);

    assertThat(spent()).isEqualTo(5_300);
    assertThat(view(plan).reserved()).isZero();
    assertThat(view(plan).counts().repeated()).isEqualTo(1);
    assertThat(view(plan).counts().settled()).isEqualTo(3);
  }

  @Test
  void whatItCostsBeyondThatIsCharged() {
    served(request("a"), 2_000);
    served(request("a"), 5_000);
    served(request("a"), 3_000);

    assertThat(spent()).isEqualTo(5_000);
  }

  @Test
  void anIdIsNobodyElsesAndOfNothingElse() {
    served(request("a"), 1_000);
    served(request("a").user("eve"), 1_000);
    served(request("a").caller(new Caller(null, "ada", "partner", Set.of())), 1_000);
    served(request("a").path("/other"), 1_000);
    served(request("a").query("q=2"), 1_000);
    served(request("a").method("POST"), 1_000);
    served(request("a").host("other.avalo.app"), 1_000);

    assertThat(spent()).isEqualTo(7_000);
  }

  @Test
  void whoHasNoNameOrNoClearIdPaysEachTime() {
    List<Exchanges> unclear = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      unclear.add(Exchanges.on(plan).header("Idempotency-Key", "a")); // anonymous
      unclear.add(Exchanges.on(plan).user("ada"));
      unclear.add(request("a").header("Idempotency-Key", "b"));
      unclear.add(request("a").header("idempotency_key", "b"));
      unclear.add(Exchanges.on(plan).user("ada").header("Idempotency_Key", "a"));
      unclear.add(
          request("a").header("Connection", "close").header("Connection", "x, idempotency-KEY"));
      unclear.add(request("a").header("Connection", "upgrade").header("Upgrade", "websocket"));
      unclear.add(request("x".repeat(256)));
      unclear.add(request(""));
    }

    unclear.forEach(each -> served(each, 1_000));

    assertThat(spent()).isEqualTo(18_000);
    assertThat(view(plan).counts().repeated()).isZero();
  }

  @Test
  void aRequestIdIsBelievedFromTrustedHopsAlone() {
    Plan byRequestId = plan("X-Request-ID");
    for (int i = 0; i < 2; i++) {
      String id = "hop-1";
      Exchanges hop = Exchanges.on(byRequestId).viaTrustedHop();
      served(hop.id(id).header("X-Request-ID", id), 1_000);
      served(Exchanges.on(byRequestId).id(id).header("X-Request-ID", id), 10_000);
      served(Exchanges.on(byRequestId).viaTrustedHop().id("made-here-" + i), 100_000);
      Exchanges unusable = Exchanges.on(byRequestId).viaTrustedHop().id("made-here-too-" + i);
      served(unusable.header("X-Request-ID", "a b"), 1_000_000);
    }

    assertThat(view(byRequestId).spent()).isEqualTo(1_000 + 2 * 1_110_000);
  }

  @Test
  void whatReachedNoServiceIsNotRemembered() {
    Exchange unsent = request("a").live();
    Outcome.of(filter, unsent);
    unsent.ended(1);
    filter.end(unsent);

    served(request("a"), 5_000);

    assertThat(spent()).isEqualTo(5_000);
  }

  @Test
  void aRepeatHoldsNoMoreThanItMayCostBeyondThat() {
    served(request("a"), 5_000);

    Exchange repeat = begun(request("a"));

    assertThat(view(plan).reserved()).isEqualTo(RESERVE - 5_000);
    late.away = true;
    ended(repeat, 6_000);
    assertThat(spent()).as("told when it began").isEqualTo(6_000);
    assertThat(view(plan).counts().forgotten()).isZero();
  }

  @Test
  void anIdIsRememberedForTwoDays() {
    served(request("a"), 5_000);
    time.advance(Duration.ofHours(47));
    served(request("a"), 5_000);
    assertThat(spent()).isEqualTo(5_000);

    time.advance(Duration.ofHours(1));
    served(request("a"), 5_000);

    assertThat(spent()).isEqualTo(10_000);
  }

  @Test
  void moneyStaysHeldUntilItIsKnownWhatWasPaid() {
    late.waits = true;
    served(request("a"), 5_000);

    assertThat(view(plan).reserved()).isEqualTo(RESERVE);
    late.answers.remove().run();

    assertThat(view(plan).reserved()).isZero();
    assertThat(spent()).isEqualTo(5_000);
  }

  @Test
  void whoseIdNobodyKnowsPaysInFull() {
    served(request("a"), 5_000);
    late.away = true;
    served(request("a"), 5_000);

    assertThat(spent()).isEqualTo(10_000);
    assertThat(view(plan).counts().forgotten()).isEqualTo(1);
    assertThat(view(plan).reserved()).isZero();
  }

  /** What was sent to one service another has not done. */
  @Test
  void anIdIsOfOneService() {
    Plan two =
        Plans.minimal()
            .service(BudgetSample.service("ai", Priority.NORMAL))
            .service(BudgetSample.service("chat", Priority.NORMAL))
            .route(Routes.to("ai").build())
            .route(Routes.to("chat").build())
            .budget(budget("ai", 1_000_000_000, told("Idempotency-Key")))
            .compile();
    for (int route : new int[] {0, 1, 0, 1}) {
      served(Exchanges.on(two).route(route).user("ada").header("Idempotency-Key", "a"), 1_000);
    }

    assertThat(view(two).spent()).isEqualTo(2_000);
  }

  /** The service did the work of an id once, whatever became of the first attempt. */
  @Test
  void anotherAttemptIsTheSameRequest() {
    Exchange exchange = begun(request("a"));
    assertThat(exchange.budget().again(exchange)).isTrue();
    assertThat(view(plan).reserved()).isEqualTo(2 * RESERVE);
    ended(exchange, 5_000);
    assertThat(spent()).isEqualTo(5_000);

    Exchange untold = begun(request("b"));
    assertThat(untold.budget().again(untold)).isTrue();
    untold.ended(1);
    filter.end(untold);

    assertThat(spent()).isEqualTo(5_000 + RESERVE);
    assertThat(view(plan).reserved()).isZero();
  }

  private static Plan counting() {
    return Plans.minimal()
        .service(BudgetSample.service("ai", Priority.NORMAL))
        .budget(budget("ai", 1_000_000_000, told("Idempotency-Key")))
        .unit(BudgetConfig.Unit.of("chat", List.of("all"), List.of(), null))
        .compile();
  }

  private long chats(Plan counting) {
    return ledger.view(counting.units().iterator().next().account()).spent() / Money.MICROS;
  }

  @Test
  void aRepeatCountsForNoUnit() {
    Plan counting = counting();
    for (String id : List.of("a", "a", "b", "a")) {
      served(Exchanges.on(counting).user("ada").header("Idempotency-Key", id), 1_000);
    }
    served(Exchanges.on(counting).user("ada").header("Idempotency-Key", "a"), 0);

    assertThat(chats(counting)).isEqualTo(2);
  }

  @Test
  void aRepeatCountsWhereItsFirstRequestHasFailed() {
    Plan counting = counting();
    Exchanges request = Exchanges.on(counting).user("ada").header("Idempotency-Key", "a");
    Exchange failed = begun(request);
    filter.response(failed, new Reply.Proxied(503, HttpHeaders.headers().set("X-Cost", "0.001")));
    failed.ended(1);
    filter.end(failed);
    assertThat(chats(counting)).isZero();

    served(Exchanges.on(counting).user("ada").header("Idempotency-Key", "a"), 1_000);

    assertThat(chats(counting)).isEqualTo(1);
  }

  /** A WebSocket's does at its opening, however long it then lasts. */
  @Test
  void anAnswerCountsWhenItBegins() {
    Plan counting = counting();
    Exchange open = begun(Exchanges.on(counting).user("ada"));

    filter.response(open, new Reply.Proxied(200, HttpHeaders.headers()));

    assertThat(chats(counting)).isEqualTo(1);
    open.ended(1);
    filter.end(open);
    assertThat(chats(counting)).isEqualTo(1);
  }

  @Test
  void everyBudgetRemembersForItself() {
    Plan both =
        Plans.minimal()
            .service(BudgetSample.service("ai", Priority.NORMAL))
            .budget(budget("ai", 1_000_000, told("Idempotency-Key")))
            .budget(budget("all", 1_000_000, told(null)))
            .budget(budget("tenant", 1_000_000, told("Idempotency-Key")))
            .compile();
    for (int i = 0; i < 3; i++) {
      served(Exchanges.on(both).user("ada").header("Idempotency-Key", "a"), 1_000);
    }

    assertThat(ledger.view(both))
        .extracting(BudgetView::spent)
        .containsExactly(1_000L, 3_000L, 1_000L);
  }

  /** However repeats overlap, and in whatever order they end, an id costs its dearest request. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void inAnyOrderAnIdCostsItsDearestRequest(long seed) {
    Random random = new Random(seed);
    late.waits = true;
    long[] dearest = new long[50];
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < 3 * dearest.length; i++) {
      ids.add(i % dearest.length);
    }
    Collections.shuffle(ids, random);
    List<Runnable> open = new ArrayList<>();
    while (!ids.isEmpty() || !open.isEmpty() || !late.answers.isEmpty()) {
      int step = random.nextInt(3);
      if (step == 0 && !ids.isEmpty()) {
        int id = ids.remove(0);
        Exchange exchange = begun(request("id-" + id));
        long cost = 1 + random.nextInt((int) RESERVE);
        dearest[id] = Math.max(dearest[id], cost);
        open.add(() -> ended(exchange, cost));
      } else if (step == 1 && !open.isEmpty()) {
        open.remove(random.nextInt(open.size())).run();
      } else if (step == 2 && !late.answers.isEmpty()) {
        late.answers.remove().run();
      }
    }

    assertThat(spent()).isEqualTo(Arrays.stream(dearest).sum());
    assertThat(view(plan).reserved()).isZero();
  }
}
