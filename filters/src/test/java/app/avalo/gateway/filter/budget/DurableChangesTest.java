package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.done;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetDesk.Order;
import app.avalo.gateway.filter.budget.BudgetDesk.Unwritten;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators change is said to be done once the disk has it. */
class DurableChangesTest {
  private static final int FILE = 2_400; // lines of 4000, more than a file of the ledger takes

  private final VirtualTime time = new VirtualTime();
  private final BudgetConfig budget = budget("ai", 1_000_000, flat(1_000));
  private final Plan plan =
      Plans.minimal().service(BudgetSample.service("ai", Priority.NORMAL)).budget(budget).compile();
  private final Correction invoice = new Correction("inv-1", false, "ai", 250_000, "eva", "bill");
  private final Order freeze = new Order(true, time.epochMillis() + 60_000, "eva", "odd bill");
  @TempDir private Path directory;

  private BudgetLedger ledger(FileJournal journal) {
    BudgetLedger ledger = BudgetLedger.alone(time, journal, BudgetListener.NONE);
    ledger.configure(plan);
    return ledger;
  }

  private BudgetView view(BudgetLedger ledger) {
    return ledger.view(plan).get(0);
  }

  /** The next file of the ledger finds no space. */
  private Path full(FileJournal journal) throws IOException {
    Path next = directory.resolve("budget-ledger.0000000002.draft");
    Files.createSymbolicLink(next, Path.of("/dev/full"));
    for (int i = 0; i < FILE; i++) {
      String note = "n".repeat(4_000);
      journal.append(new Entry(Entry.Kind.ORDER, "o", "other", "2026-11.PLN", note, i));
    }
    return next;
  }

  private void assertUnwritten(Supplier<Future<?>> change) {
    assertThatThrownBy(() -> done(change.get()))
        .hasCauseInstanceOf(Unwritten.class)
        .hasMessageContaining("No space left on device");
  }

  @Test
  void aChangeThatTheDiskDoesNotTakeIsToldAndMadeUpForWhenItDoes() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      BudgetLedger ledger = ledger(journal);
      BudgetDesk desk = ledger.desk();
      Path full = full(journal);

      assertUnwritten(() -> desk.correct("ai", invoice));
      assertUnwritten(() -> desk.correct("ai", invoice)); // known, and still on no disk
      assertUnwritten(() -> desk.order("ai", freeze));
      assertThat(view(ledger).spent()).as("it counts already").isEqualTo(250_000);

      Files.delete(full);
      assertThat(done(desk.correct("ai", invoice))).as("new").isFalse();
      assertThat(done(desk.order("ai", freeze))).isEqualTo(freeze.untilMillis());
    }
    try (FileJournal journal = FileJournal.open(directory)) {
      assertThat(view(ledger(journal)).spent()).isEqualTo(250_000);
      assertThat(view(ledger(journal)).frozenUntil()).isEqualTo(freeze.untilMillis());
    }
  }

  @Test
  void whatWasAnsweredStandsInTheFile() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      assertThat(done(ledger(journal).desk().correct("ai", invoice))).isTrue();

      assertThat(Files.readString(directory.resolve("budget-ledger.0000000001"))).contains("inv-1");
    }
  }
}
