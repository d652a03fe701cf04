package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.byHeader;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.http.HttpHeaders;
import org.junit.jupiter.api.Test;

/** What further attempts of one request hold and cost. */
class FurtherAttemptsTest {
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

  @Test
  void anotherAttemptIsHeldInEveryBudgetOrInNone() {
    BudgetConfig ai = budget("ai", 10_000, byHeader("X-Cost", 3_000));
    Plan plan =
        Plans.minimal()
            .service(BudgetSample.service("ai", Priority.NORMAL))
            .budget(ai)
            .budget(budget("small", 10, flat(4)))
            .compile();
    Exchange exchange = Exchanges.on(plan).live();
    Outcome.of(filter, exchange);
    exchange.sent();

    assertThat(exchange.budget().chargesAttempts()).isTrue();
    assertThat(exchange.budget().again(exchange)).isTrue();
    assertThat(exchange.budget().again(exchange)).as("4 of 10 are too little").isFalse();
    assertThat(view(plan).reserved()).isEqualTo(6_000);
    exchange.unsent();
    assertThat(exchange.wasSent()).isFalse();
    exchange.sent();
    filter.response(exchange, new Reply.Proxied(200, HttpHeaders.headers().set("X-Cost", "0.001")));
    exchange.ended(1);
    filter.end(exchange);

    assertThat(view(plan).spent()).as("3,000 for the one that was lost").isEqualTo(4_000);
    assertThat(ledger.view(plan).get(1).spent()).isEqualTo(8);
    assertThat(view(plan).reserved()).isZero();
  }

  @Test
  void anAttemptThatNobodyLookedAtCostsNothing() {
    Plan plan = plan(budget("ai", 10_000, flat(3_000)));
    Exchange exchange = Exchanges.on(plan).live();
    Outcome.of(filter, exchange);
    exchange.sent();
    exchange.budget().unsent();
    assertThat(view(plan).reserved()).as("of the first").isEqualTo(3_000);

    for (int i = 0; i < 5; i++) {
      assertThat(exchange.budget().again(exchange)).isTrue();
      exchange.sent();
      exchange.unsent();
      exchange.budget().unsent();
      assertThat(view(plan).reserved()).isEqualTo(3_000);
    }
    assertThat(exchange.budget().again(exchange)).isTrue();
    exchange.sent();
    exchange.ended(1);
    filter.end(exchange);

    assertThat(view(plan).spent()).isEqualTo(6_000);
    assertThat(view(plan).reserved()).isZero();
  }
}
