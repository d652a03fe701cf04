package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.byHeader;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Callers who spend far more than others. */
class PausedSpendersTest {
  private final VirtualTime time = new VirtualTime();
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);
  private final BudgetFilter filter = new BudgetFilter(ledger, Runnable::run, Receipts.NONE);
  private final Plan plan =
      Plans.minimal()
          .service(BudgetSample.service("ai", Priority.NORMAL))
          .budget(budget("ai", 1L << 50, byHeader("X-Cost", 1_000)))
          .compile();

  @Test
  void aUserWhoSpendsFarMoreThanOthersIsRefusedAndOthersAreNot() {
    for (int i = 0; i < 20; i++) {
      BudgetSample.served(filter, Exchanges.on(plan).user("u" + i).live(), "1");
    }
    BudgetSample.served(filter, Exchanges.on(plan).user("mallory").live(), "600000");

    GatewayError refused = Outcome.of(filter, Exchanges.on(plan).user("mallory").live()).error();

    assertThat(refused.rule()).isEqualTo("ai");
    assertThat(refused.detail()).startsWith("You have spent far more of the budget ai than others");
    assertThat(refused.retryAfterSeconds()).isEqualTo(3_600);
    assertThat(Outcome.of(filter, Exchanges.on(plan).user("u1").live()).proceeded()).isTrue();
    assertThat(ledger.desk().spenders("ai").release("u=mallory")).isTrue();
    assertThat(Outcome.of(filter, Exchanges.on(plan).user("mallory").live()).proceeded()).isTrue();
  }

  @Test
  void anExchangeThatAMachineSleptThroughEndsNoPause() {
    Exchange slow = Exchanges.on(plan).user("slow").live();
    assertThat(Outcome.of(filter, slow).proceeded()).isTrue();
    slow.sent();
    time.leap(Duration.ofHours(2)); // no time passed for the exchange
    for (int i = 0; i < 20; i++) {
      BudgetSample.served(filter, Exchanges.on(plan).user("u" + i).live(), "1");
    }
    BudgetSample.served(filter, Exchanges.on(plan).user("mallory").live(), "600000");

    filter.response(slow, new Reply.Proxied(200, HttpHeaders.headers().set("X-Cost", "1")));
    slow.ended(time.nanos());
    filter.end(slow);

    assertThat(Outcome.of(filter, Exchanges.on(plan).user("mallory").live()).proceeded()).isFalse();
  }

  @Test
  void aUserAndAnApiKeyOfOneNameAreTwoSpenders() {
    for (int i = 0; i < 20; i++) {
      BudgetSample.served(filter, Exchanges.on(plan).user("u" + i).live(), "1");
    }
    BudgetSample.served(filter, Exchanges.on(plan).apiKey("mallory").live(), "300000");
    BudgetSample.served(filter, Exchanges.on(plan).user("mallory").live(), "300000");
    assertThat(Outcome.of(filter, Exchanges.on(plan).user("mallory").live()).proceeded())
        .as("neither alone")
        .isTrue();

    BudgetSample.served(filter, Exchanges.on(plan).apiKey("mallory").live(), "300000");

    assertThat(Outcome.of(filter, Exchanges.on(plan).apiKey("mallory").live()).proceeded())
        .isFalse();
    assertThat(Outcome.of(filter, Exchanges.on(plan).user("mallory").live()).proceeded()).isTrue();
    assertThat(ledger.desk().spenders("ai").paused(time.epochMillis()))
        .extracting(Spenders.Paused::spender)
        .containsExactly("k=mallory");
  }
}
