package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.byHeader;
import static app.avalo.gateway.filter.budget.BudgetSample.cost;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BudgetFilterTest {
  private final VirtualTime time = new VirtualTime();
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);
  private final BudgetFilter filter = new BudgetFilter(ledger, Runnable::run, Receipts.NONE);

  private static Plan plan(BudgetConfig budget) {
    return Plans.minimal()
        .service(BudgetSample.service("ai", Priority.NORMAL))
        .budget(budget)
        .compile();
  }

  private BudgetView view(Plan plan) {
    return ledger.view(plan).get(0);
  }

  private void served(Exchange exchange, String cost) {
    BudgetSample.served(filter, exchange, cost);
  }

  @Test
  void aRequestWithoutABudgetPasses() {
    Exchange exchange = Exchanges.on(Plans.minimal()).live();

    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    filter.end(exchange);
    assertThat(exchange.budget()).isNull();
  }

  @Test
  void theTrueCostIsTheSumOfRequestBytesAndHeader() {
    Plan plan = plan(budget("ai", 1_000_000_000, cost(5, 1 << 20, 2 << 20, "X-Cost", 9_000)));
    Exchange exchange = Exchanges.on(plan).live();
    exchange.addBytesIn(100);
    exchange.addBytesOut(1_000);

    served(exchange, "0.0125");

    assertThat(view(plan).spent()).isEqualTo(5 + 100 + 2_000 + 12_500);
    assertThat(view(plan).counts().underestimated()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"-1", "abc", "1e3", "99999999999999999999", "''", "5000"})
  void aHostileCostHeaderChargesTheEstimateAndIsCounted(String header) {
    Plan plan = plan(budget("ai", 1_000_000_000, byHeader("X-Cost", 9_000)));

    served(Exchanges.on(plan).live(), header);

    assertThat(view(plan).spent()).isEqualTo(9_000);
    assertThat(view(plan).counts().unreadable()).isEqualTo(1);
  }

  @Test
  void aRequestThatReachedNoUpstreamCostsNothing() {
    Plan plan = plan(budget("ai", 1_000_000, flat(1_000)));
    Exchange exchange = Exchanges.on(plan).live();
    Outcome.of(filter, exchange);
    assertThat(view(plan).reserved()).isEqualTo(1_000);

    filter.end(exchange);
    filter.end(exchange);

    assertThat(view(plan).reserved()).isZero();
    assertThat(view(plan).spent()).isZero();
  }

  @Test
  void theSameRequestIdFromOutsidePaysEachTime() {
    Plan plan = plan(budget("ai", 1_000_000, flat(1_000)));

    served(Exchanges.on(plan).id("same").live(), "");
    served(Exchanges.on(plan).id("same").live(), "");

    assertThat(view(plan).spent()).isEqualTo(2_000);
  }

  @Test
  void aBodyOfKnownLengthIsReservedWithTheRequest() {
    Plan plan = plan(budget("ai", 1L << 50, cost(7, 1 << 20, 0, null, 10)));

    Outcome.of(filter, Exchanges.on(plan).header("Content-Length", "4000").live());
    Outcome.of(filter, Exchanges.on(plan).header("Content-Length", "9".repeat(40)).live());

    assertThat(view(plan).reserved()).isEqualTo(4_007 + (10 << 20) + 7);
  }

  @Test
  void aRefusalNamesTheBudgetAndWhenItEases() {
    Plan plan = plan(budget("ai", 1_500, flat(1_000)));
    served(Exchanges.on(plan).live(), "");
    time.advance(Duration.ofDays(9));

    GatewayError error = Outcome.of(filter, Exchanges.on(plan).live()).error();

    assertThat(error.kind()).isEqualTo(GatewayError.Kind.BUDGET);
    assertThat(error.rule()).isEqualTo("ai");
    assertThat(error.detail())
        .isEqualTo("The budget ai is used up; it eases at 2026-12-01T00:00:00Z.");
    assertThat(error.retryAfterSeconds()).isEqualTo(Duration.ofDays(1).toSeconds());
    assertThat(view(plan).counts().refused()).isEqualTo(1);
  }

  @Test
  void moneyThatIsOnlyReservedIsWorthAskingForSoon() {
    Plan plan = plan(budget("ai", 1_500, flat(1_000)));
    Outcome.of(filter, Exchanges.on(plan).live());

    GatewayError error = Outcome.of(filter, Exchanges.on(plan).live()).error();

    assertThat(error.retryAfterSeconds()).isEqualTo(1);
    assertThat(error.detail()).contains("reserved by requests in flight");
  }

  @Test
  void explainingReservesNothing() {
    Plan plan = plan(budget("ai", 1_500, flat(1_000)));
    Exchange asked = Exchanges.on(plan).explained();

    assertThat(Outcome.of(filter, asked).proceeded()).isTrue();
    filter.end(asked);

    assertThat(view(plan).reserved()).isZero();
    assertThat(asked.explanation().steps())
        .singleElement()
        .satisfies(
            step ->
                assertThat(step.facts())
                    .containsEntry("budget", "ai")
                    .containsEntry("amount", 1_500L)
                    .containsEntry("decision", "pass"));

    served(Exchanges.on(plan).live(), "");
    assertThat(Outcome.of(filter, Exchanges.on(plan).explained()).error().rule()).isEqualTo("ai");
  }

  private static Cost flowing(long perMebibyteOut, long perSecond, long reserve, long slice) {
    return new Cost(0, 0, perMebibyteOut, perSecond, null, Map.of(), reserve, slice, null);
  }

  private Exchange begun(Plan plan) {
    Exchange exchange = Exchanges.on(plan).live();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    exchange.sent();
    exchange.firstByteNanos(1_000_000);
    return exchange;
  }

  @Test
  void anAnswerThatFlowsHoldsMoreSliceBySlice() {
    Plan plan = plan(budget("ai", 1_000, flowing(1 << 20, 0, 100, 100)));
    Exchange exchange = begun(plan);
    assertThat(view(plan).reserved()).isEqualTo(100);

    assertThat(exchange.budget().meter(exchange, 40, 1)).isNull();
    assertThat(view(plan).reserved()).isEqualTo(100);
    assertThat(exchange.budget().meter(exchange, 60, 1)).isNull();
    assertThat(view(plan).reserved()).as("half a slice ahead").isEqualTo(200);
    assertThat(exchange.budget().meter(exchange, 900, 1)).isNull();
    assertThat(view(plan).reserved()).isEqualTo(900);
  }

  @Test
  void anAnswerEndsWhereNothingMoreCanBePaid() {
    Plan plan = plan(budget("ai", 1_000, flowing(1 << 20, 0, 100, 100)));
    Exchange exchange = begun(plan);
    assertThat(exchange.budget().meter(exchange, 1_000, 1)).isNull();
    exchange.addBytesOut(1_000);

    GatewayError why = exchange.budget().meter(exchange, 1, 1);
    exchange.ended(2_000_000);
    filter.end(exchange);

    assertThat(why.rule()).isEqualTo("ai");
    assertThat(view(plan).spent()).isEqualTo(1_000);
    assertThat(view(plan).reserved()).isZero();
  }

  @Test
  void bodiesOfUnknownLengthTogetherTakeNoMoreThanThereIs() {
    Plan plan =
        plan(budget("ai", 10_000, new Cost(0, 1 << 20, 0, 0, null, Map.of(), 10, 100, null)));
    List<Exchange> uploads = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      uploads.add(begun(plan));
    }
    for (int chunk = 0; chunk < 10; chunk++) {
      for (Exchange upload : uploads) {
        if (upload.budget().take(upload, 64, 1) == null) {
          upload.addBytesIn(64);
        }
      }
    }
    for (Exchange upload : uploads) {
      upload.ended(2_000_000);
      filter.end(upload);
    }

    assertThat(view(plan).spent()).isBetween(8_000L, 10_000L);
    assertThat(view(plan).reserved()).isZero();
  }

  @Test
  void aSecondCostsFromTheFirstByteOn() {
    Plan plan = plan(budget("ai", 10_000, flowing(0, 1_000, 100, 1_000)));
    Exchange exchange = begun(plan);
    long first = exchange.firstByteNanos();

    assertThat(exchange.budget().meter(exchange, 0, first + 50_000_000)).isNull();
    assertThat(exchange.budget().nextNanos(exchange, first + 50_000_000))
        .isEqualTo(first + 50_000_000 + 550_000_000);
    exchange.ended(first + 2_500_000_000L);
    filter.end(exchange);

    assertThat(view(plan).spent()).isEqualTo(2_500);
  }

  @Test
  void anAnswerThatOutlivesItsPeriodIsPaidByEachForItsPart() {
    Plan plan = plan(budget("ai", 1_000, flowing(1 << 20, 0, 100, 100)));
    Exchange exchange = begun(plan);
    assertThat(exchange.budget().meter(exchange, 300, 1)).isNull();
    exchange.addBytesOut(300);
    time.advance(Duration.ofDays(40));

    assertThat(exchange.budget().meter(exchange, 250, 1)).isNull();
    assertThat(view(plan).periodStart()).isGreaterThan(0);
    assertThat(view(plan).reserved()).as("in the new period").isPositive();
    exchange.addBytesOut(250);
    exchange.ended(2_000_000);
    filter.end(exchange);

    assertThat(view(plan).spent()).isEqualTo(550 - 300);
    assertThat(view(plan).reserved()).isZero();
  }

  @Test
  void routesAndMethodsHavePricesOfTheirOwn() {
    BudgetConfig ai = budget("ai", 1_000_000, flat(1));
    BudgetConfig.Price post = new BudgetConfig.Price(List.of(), List.of("POST"), flat(7));
    BudgetConfig.Price images = new BudgetConfig.Price(List.of("images"), List.of(), flat(100));
    Plan plan = plan(BudgetSample.priced(ai, List.of(post, images)));

    served(Exchanges.on(plan).live(), "");
    served(Exchanges.on(plan).method("POST").live(), "");

    assertThat(view(plan).spent()).isEqualTo(8);
    assertThat(BudgetSample.priced(ai, List.of(post, images)).cost("images", "GET"))
        .isEqualTo(flat(100));
  }

  @Test
  void trailersTellTheCostToo() {
    Cost tokens = new Cost(0, 0, 0, 0, null, Map.of("X-Tokens", 2_000L), 900, 900, null);
    Plan plan = plan(budget("ai", 1_000_000, tokens));
    Exchange exchange = Exchanges.on(plan).live();
    exchange.trailers(HttpHeaders.headers().set("x-tokens", "75"));

    served(exchange, "");

    assertThat(view(plan).spent()).isEqualTo(150);
    assertThat(view(plan).counts().unreadable()).isZero();
  }

  @Test
  void successfulAnswersOfAUnitsRoutesAreCounted() {
    BudgetConfig.Unit chats = BudgetConfig.Unit.of("chat", List.of("all"), List.of("POST"), null);
    BudgetConfig.Unit revenue =
        BudgetConfig.Unit.of("revenue", List.of("all"), List.of(), "X-Revenue");
    Plan plan = Plans.minimal().unit(chats).unit(revenue).compile();
    ledger.configure(plan);

    answered(Exchanges.on(plan).method("POST").live(), 201, "12.50");
    answered(Exchanges.on(plan).method("POST").live(), 503, "7");
    answered(Exchanges.on(plan).live(), 200, "0.5");
    answered(Exchanges.on(plan).live(), 200, "-3");

    assertThat(counted(chats)).isEqualTo(1_000_000);
    assertThat(counted(revenue)).isEqualTo(13_000_000);
  }

  private void answered(Exchange exchange, int status, String revenue) {
    filter.response(
        exchange, new Reply.Proxied(status, HttpHeaders.headers().set("X-Revenue", revenue)));
  }

  private long counted(BudgetConfig.Unit unit) {
    String month = Span.of(unit.account(), time.epochMillis()).key().substring(0, 7);
    return ledger.desk().month(unit.account(), month).result().spent();
  }

  @Test
  void whereTheBudgetWouldRefuseACheaperServiceIsAskedForAndAShareGoesOn() {
    Plan plan = plan(budget("ai", 100_000, flat(1_000)));
    int cheap = 0;
    int dear = 0;
    for (int i = 0; i < 1_000; i++) {
      Exchange exchange = Exchanges.on(plan).live();
      if (filter.refuses(exchange)) {
        cheap++;
      } else {
        served(exchange, "");
        dear++;
      }
    }

    assertThat(dear).isBetween(81, 100);
    assertThat(view(plan).counts().diverted()).isEqualTo(cheap);
    assertThat(view(plan).counts().paced()).isZero();
  }
}
