package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.receipt.LocalReceipts;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A call that was under way when its gateway ended, sent again to the next in its place. */
class KilledRequestsTest {
  private static final long RESERVE = 9_000;

  private final VirtualTime time = new VirtualTime();
  private final Plan plan =
      Plans.minimal()
          .service(BudgetSample.service("ai", Priority.NORMAL))
          .budget(
              budget(
                  "ai",
                  1_000_000,
                  new Cost(0, 0, 0, 0, "X-Cost", Map.of(), RESERVE, RESERVE, "Idempotency-Key")))
          .compile();
  @TempDir private Path directory;

  /** A process, and what it leaves of what was under way. */
  private final class Process implements AutoCloseable {
    private final FileJournal journal = FileJournal.open(directory);
    private final BudgetLedger ledger = BudgetLedger.alone(time, journal, BudgetListener.NONE);
    private final BudgetFilter filter =
        new BudgetFilter(
            ledger, Runnable::run, LocalReceipts.open(directory.resolve("receipts"), time));

    Process() throws IOException {
      ledger.configure(plan);
    }

    Exchange begun(String id) {
      Exchange exchange = Exchanges.on(plan).user("ada").header("Idempotency-Key", id).live();
      assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
      exchange.attempt(exchange.plan().regions().get(0));
      exchange.sent();
      return exchange;
    }

    void served(String id, long micros) {
      Exchange exchange = begun(id);
      String cost = BigDecimal.valueOf(micros, 6).toPlainString();
      filter.response(exchange, new Reply.Proxied(200, HttpHeaders.headers().set("X-Cost", cost)));
      exchange.ended(1);
      filter.end(exchange);
    }

    long spent() {
      return ledger.view(plan).get(0).spent();
    }

    @Override
    public void close() {
      journal.close(); // holds stay as they are
    }
  }

  @Test
  void itsRepeatCostsNothingBeyondWhatWasHeldHoweverOftenItIsKilled() throws Exception {
    for (int kills = 0; kills < 3; kills++) {
      try (Process killed = new Process()) {
        killed.begun("a");
        assertThat(killed.spent()).isEqualTo(kills == 0 ? 0 : RESERVE);
      }
    }
    try (Process next = new Process()) {
      assertThat(next.spent()).isEqualTo(RESERVE);
      next.served("a", 5_000);
      assertThat(next.spent()).isEqualTo(RESERVE);
      next.served("a", RESERVE + 700);
      assertThat(next.spent()).isEqualTo(RESERVE + 700);
      next.served("b", 300);
      assertThat(next.spent()).isEqualTo(RESERVE + 1_000);
    }
  }

  @Test
  void whatEndedBeforePaidWhatItCost() throws Exception {
    try (Process killed = new Process()) {
      killed.served("a", 2_000);
      killed.begun("a"); // holds the rest of its bound
    }
    try (Process next = new Process()) {
      assertThat(next.spent()).isEqualTo(RESERVE);
      next.served("a", RESERVE);
      assertThat(next.spent()).isEqualTo(RESERVE);
    }
  }
}
