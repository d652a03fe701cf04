package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a refusal says of the budget: how it stands, and when it eases. */
class RefusalsTest {
  private static final ServiceConfig AI = BudgetSample.service("ai", Priority.NORMAL);
  private static final ServiceConfig CHAT = BudgetSample.service("chat", Priority.CRITICAL);

  private final VirtualTime time = new VirtualTime(); // 21 November
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);

  private void begin(BudgetConfig budget) {
    ledger.configure(Plans.minimal().service(AI).service(CHAT).budget(budget).compile());
  }

  private void spend(BudgetConfig budget, ServiceConfig service, long cost) {
    Hold hold = (Hold) ledger.reserve(BudgetSample.ask(List.of(budget), service));
    ledger.settle(hold, new long[] {cost}, ledger.nowMillis());
  }

  /** The first refusal; a share may pass before it. */
  private GatewayError refusal(BudgetConfig budget, ServiceConfig service) {
    for (int i = 0; i < 20; i++) {
      if (ledger.reserve(BudgetSample.ask(List.of(budget), service)) instanceof Refused refused) {
        return refused.error(time.epochMillis());
      }
    }
    throw new AssertionError("all pass");
  }

  @Test
  void whileASharePassesAnotherTryMay() {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    begin(budget);
    spend(budget, AI, 820_000);

    GatewayError error = refusal(budget, AI);

    assertThat(error.detail()).contains("only a share of requests passes; another try may");
    assertThat(error.retryAfterSeconds()).isEqualTo(60);
    assertThat(error.level()).isEqualTo("throttle");
  }

  @Test
  void whereNonePassesItSaysSoAndWhenThatEnds() {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    begin(budget);
    spend(budget, CHAT, 910_000);

    GatewayError error = refusal(budget, AI);

    assertThat(error.detail())
        .isEqualTo(
            "What is left of the budget ai is kept for more important services, so no request of"
                + " this kind passes now; it eases at 2026-12-01T00:00:00Z, or before if those"
                + " need less than they usually do.");
    assertThat(error.retryAfterSeconds()).isEqualTo(3_600);
    assertThat(error.level()).isEqualTo("critical");
    time.advance(Duration.ofDays(10).minusMinutes(20));
    spend(budget, CHAT, 60_000);
    assertThat(refusal(budget, AI).retryAfterSeconds()).as("the end is near").isEqualTo(1_200);
  }

  @Test
  void nonePassesLongBeforeAnyLevelWhereCriticalNeedTakesAll() {
    BudgetConfig budget = BudgetSample.paced("ai", 1_000_000, flat(1_000));
    begin(budget);
    spend(budget, CHAT, 690_000);

    GatewayError error = refusal(budget, AI);

    assertThat(error.detail()).contains("no request of this kind passes now");
    assertThat(error.level()).isEqualTo("normal");
  }

  @Test
  void whatIsFrozenAndUsedUpEasesWhenBothAreOver() {
    BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
    begin(budget);
    long hour = time.epochMillis() + 3_600_000;
    ledger.desk().order("ai", new BudgetDesk.Order(true, hour, "eva", "odd bill"));
    assertThat(refusal(budget, AI).level()).isEqualTo("frozen");
    assertThat(refusal(budget, AI).retryAfterSeconds()).isEqualTo(3_600);

    ledger.desk().correct("ai", new BudgetDesk.Correction("c", false, "", 1_000_000, "eva", "all"));

    GatewayError error = refusal(budget, AI);
    assertThat(error.level()).isEqualTo("frozen");
    assertThat(error.detail()).contains("used up; it eases at 2026-12-01");
    assertThat(error.retryAfterSeconds()).isEqualTo(Duration.ofDays(10).toSeconds());
    time.advance(Duration.ofHours(2));
    assertThat(refusal(budget, AI).level()).isEqualTo("exhausted");
  }

  @Test
  void moneyThatIsOnlyReservedSaysHowMuchIsSpent() {
    BudgetConfig budget = budget("ai", 1_000_000, flat(400_000));
    begin(budget);

    assertThat(refusal(budget, AI).level()).isEqualTo("normal");
    assertThat(Refused.paused(budget, time.epochMillis() + 1, time.epochMillis()).level())
        .isEqualTo("paused");
  }
}
