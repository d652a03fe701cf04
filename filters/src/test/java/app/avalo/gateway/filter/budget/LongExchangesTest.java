package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
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
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Exchanges that last longer than anybody waits for them, or than the period in which they began.
 */
class LongExchangesTest {
  private final VirtualTime time = new VirtualTime();
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);
  private final BudgetFilter filter = new BudgetFilter(ledger, Runnable::run, Receipts.NONE);
  private final List<Integer> expired = new ArrayList<>();

  private static Plan plan(BudgetConfig budget) {
    return Plans.minimal()
        .service(BudgetSample.service("ai", Priority.NORMAL))
        .budget(budget)
        .compile();
  }

  private BudgetView view(Plan plan) {
    return ledger.view(plan).get(0);
  }

  private Exchange begun(Plan plan) {
    Exchange exchange = Exchanges.on(plan).live();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    exchange.sent();
    return exchange;
  }

  private Duration patience(Exchange exchange) {
    return exchange.route().config().timeouts().total().plusMinutes(6);
  }

  @Test
  void aHoldThatNobodySettlesIsChargedInTheEnd() {
    Plan plan = plan(budget("ai", 1_000_000, flat(1_000)));
    Exchange exchange = begun(plan);

    ledger.expire(expired::add);
    assertThat(expired).isEmpty();
    time.advance(patience(exchange).plusMillis(1));
    ledger.expire(expired::add);
    ledger.expire(expired::add);
    assertThat(expired).containsExactly(1);
    exchange.ended(1);
    filter.end(exchange);

    assertThat(view(plan).reserved()).isZero();
    assertThat(view(plan).spent()).isEqualTo(1_000);
  }

  @Test
  void oneWhoseBytesMoveIsNotForgotten() {
    Plan plan = plan(budget("ai", 1_000_000, flat(1_000)));
    Exchange exchange = begun(plan);
    for (int i = 0; i < 5; i++) {
      exchange.addBytesIn(1);
      time.advance(patience(exchange).minusSeconds(1));
      ledger.expire(expired::add);
    }
    assertThat(expired).isEmpty();

    time.advance(patience(exchange).plusMillis(1));
    ledger.expire(expired::add);
    assertThat(expired).containsExactly(1);
  }

  @Test
  void oneThatWasChargedHoldsNothingMore() {
    Plan plan =
        plan(budget("ai", 1_000_000, new Cost(5, 1 << 20, 0, 0, null, Map.of(), 9, 9, null)));
    Exchange exchange = begun(plan);
    time.advance(patience(exchange).plusMillis(1));
    ledger.expire(expired::add);
    assertThat(expired).containsExactly(1);

    exchange.addBytesIn(500);
    assertThat(exchange.budget().meter(exchange, 0, time.nanos())).isNotNull();
    assertThat(exchange.budget().again(exchange)).isFalse();
    exchange.ended(time.nanos());
    filter.end(exchange);

    assertThat(view(plan).reserved()).isZero();
    assertThat(view(plan).spent()).isEqualTo(9);
  }

  @Test
  void anAnswerWhoseHoldExpiredDoesNotFlowOnForNothing() {
    Plan plan =
        plan(budget("ai", 1_000_000, new Cost(0, 0, 1 << 20, 0, null, Map.of(), 9, 9, null)));
    Exchange exchange = begun(plan);
    assertThat(exchange.budget().meter(exchange, 1, time.nanos())).isNull();
    time.advance(patience(exchange).plusMillis(1));
    ledger.expire(expired::add);

    GatewayError why = exchange.budget().meter(exchange, 1, time.nanos());

    assertThat(why.rule()).isEqualTo("ai");
    assertThat(why.detail()).contains("silent for too long");
  }

  @Test
  void anAnswerWhoseBudgetChangedItsCurrencyEndsWhenWhatItHoldsIsUsedUp() {
    Cost byByte = new Cost(0, 0, 1 << 20, 0, null, Map.of(), 1_000, 1_000, null);
    Plan plan = plan(budget("ai", 1_000_000, byByte));
    Exchange exchange = begun(plan);
    Plan euros = plan(BudgetSample.in("EUR", budget("ai", 1_000_000, byByte)));
    ledger.configure(euros);

    assertThat(exchange.budget().meter(exchange, 1_000, time.nanos())).isNull();
    exchange.addBytesOut(1_000);
    GatewayError why = exchange.budget().meter(exchange, 1, time.nanos());

    assertThat(why.detail()).contains("changed its currency");
    exchange.ended(time.nanos());
    filter.end(exchange);
    assertThat(view(euros).spent()).isZero();
    assertThat(view(euros).reserved()).isZero();
    ledger.configure(plan);
    assertThat(view(plan).spent()).isEqualTo(1_000);
  }

  @Test
  void aTrailerThatTellsLessThanAnEndedPeriodWasChargedTakesNothingBack() {
    Cost told = new Cost(0, 0, 1 << 20, 0, "X-Cost", Map.of(), 2_000_000, 2_000_000, null);
    Plan plan = plan(budget("ai", 100_000_000, told));
    time.advance(Duration.ofDays(9).plusHours(23)); // 30 November
    Exchange exchange = begun(plan);
    filter.response(exchange, new Reply.Proxied(200, HttpHeaders.headers().set("X-Cost", "1")));
    time.advance(Duration.ofHours(2));
    assertThat(exchange.budget().meter(exchange, 1_200_000, time.nanos())).isNull();
    assertThat(view(plan).reserved()).as("December pays from here on").isPositive();

    exchange.trailers(HttpHeaders.headers().set("X-Cost", "0.4"));
    exchange.ended(time.nanos());
    filter.end(exchange);

    assertThat(view(plan).reserved()).isZero();
    assertThat(view(plan).spent()).isZero();
  }

  @Test
  void whatAServiceDoesNotTellIsChargedAsReservedAlsoAfterItsPeriodEnded() {
    Cost told = new Cost(0, 0, 1 << 20, 0, "X-Cost", Map.of(), 2_000_000, 2_000_000, null);
    Plan plan = plan(budget("ai", 3_000_000, told));
    time.advance(Duration.ofDays(9).plusHours(23)); // 30 November
    Exchange exchange = begun(plan);
    time.advance(Duration.ofHours(2));
    begun(plan); // leaves too little for a slice
    assertThat(exchange.budget().meter(exchange, 1_200_000, time.nanos())).isNull();
    exchange.addBytesOut(1_200_000);

    exchange.ended(time.nanos());
    filter.end(exchange);

    assertThat(view(plan).spent()).as("besides 1,200,000 in November").isEqualTo(800_000);
    assertThat(view(plan).reserved()).isEqualTo(2_000_000);
  }
}
