package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators did not have when a gateway ended is told by the next in its place. */
class AlertsNeverLostTest {
  private static final ServiceConfig PANIC = BudgetSample.service("panic", Priority.CRITICAL);

  private final VirtualTime time = new VirtualTime();
  private final BudgetConfig budget = budget("ai", 1_000, flat(100));
  private final Plan plan = Plans.minimal().service(PANIC).budget(budget).compile();
  private final List<String> told = new ArrayList<>();
  private final Map<String, Promise<Void>> open = new HashMap<>();
  @TempDir private Path directory;

  private Future<Void> hear(Notice notice) {
    told.add(notice.key());
    open.put(notice.key(), Promise.promise());
    return open.get(notice.key()).future();
  }

  /** A process: what it spends, of which operators then have this, and its end. */
  private void run(int requests, String... have) throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      BudgetLedger ledger = BudgetLedger.alone(time, journal, (view, notice) -> hear(notice));
      ledger.configure(plan);
      for (int i = 0; i < requests; i++) {
        Hold hold = (Hold) ledger.reserve(BudgetSample.ask(List.of(budget), PANIC));
        ledger.settle(hold, new long[] {100}, time.epochMillis());
      }
      for (String key : have) {
        open.get(key).complete();
      }
      time.advance(Duration.ofSeconds(20));
      ledger.view(plan);
    }
  }

  @Test
  void aNoticeThatNobodyHadIsToldByTheNextProcessUntilOneHasIt() throws Exception {
    run(9);
    assertThat(told).containsExactly("alert", "throttle", "critical");

    told.clear();
    run(0);
    assertThat(told).containsExactly("alert", "throttle", "critical");

    told.clear();
    run(0, "throttle");
    assertThat(told).containsExactly("alert", "throttle", "critical");

    told.clear();
    run(0, "alert", "critical");
    assertThat(told).containsExactly("alert", "critical");

    told.clear();
    run(0);
    assertThat(told).isEmpty();
  }
}
