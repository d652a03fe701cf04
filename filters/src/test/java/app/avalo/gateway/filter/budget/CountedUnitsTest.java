package app.avalo.gateway.filter.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** For whom chats, calls and money earned are counted. */
class CountedUnitsTest {
  private static final long ONE = 1_000_000;

  private final VirtualTime time = new VirtualTime();
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);
  private final BudgetFilter filter = new BudgetFilter(ledger, Runnable::run, Receipts.NONE);
  private final BudgetConfig.Unit chats =
      BudgetConfig.Unit.of("chat", List.of("all"), List.of(), null);
  private final Plan plan =
      Plans.minimal().service(BudgetSample.service("ai", Priority.NORMAL)).unit(chats).compile();

  private void answered(Exchange exchange) {
    exchange.attempt(plan.regions().get(0));
    exchange.sent();
    filter.response(exchange, new Reply.Proxied(200, HttpHeaders.headers()));
    exchange.ended(1);
    filter.end(exchange);
  }

  private BudgetMonth counted() {
    String month = Span.of(chats.account(), time.epochMillis()).key().substring(0, 7);
    return ledger.desk().month(chats.account(), month).result();
  }

  @Test
  void anAnswerCountsForItsServiceRegionTierAndDay() {
    ledger.configure(plan);

    answered(Exchanges.on(plan).live());
    answered(Exchanges.on(plan).live());
    answered(Exchanges.on(plan).user("alice").live());

    String region = plan.regions().get(0).name();
    assertThat(counted().spent()).isEqualTo(3 * ONE);
    assertThat(counted().by("")).containsOnly(entry("ai", 3 * ONE));
    assertThat(counted().by("region")).containsOnly(entry(region, 3 * ONE));
    assertThat(counted().by("tier"))
        .containsOnly(entry("anonymous", 2 * ONE), entry("authenticated", ONE));
    assertThat(counted().by("day").values()).containsExactly(3 * ONE);
  }

  /** Money has alerts. */
  @Test
  void nobodyIsToldOfAnHourInWhichManyAreCounted() {
    List<Notice.Kind> told = new ArrayList<>();
    BudgetLedger watched = BudgetLedger.alone(time, Journal.NONE, BudgetSample.heard(told));
    watched.configure(plan);
    for (int hour = 0; hour < 10 * 24; hour++) {
      watched.count(chats, new BudgetLedger.Whose("ai", "vip", "eu"), 100 * ONE);
      time.advance(Duration.ofHours(1));
      watched.look();
    }

    watched.count(chats, new BudgetLedger.Whose("ai", "vip", "eu"), 10_000 * ONE);
    time.advance(Duration.ofHours(1));
    watched.look();

    assertThat(told).isEmpty();
  }

  @Test
  void ofTiersTooManyTheRestCountsAsOther() {
    ledger.configure(plan);
    for (int i = 0; i < 600; i++) {
      ledger.count(chats, new BudgetLedger.Whose("ai", "t" + i, "eu"), ONE);
    }

    assertThat(counted().by("tier")).hasSize(513).containsEntry("other", 88 * ONE);
    assertThat(counted().by("region")).containsOnly(entry("eu", 600 * ONE));
  }
}
