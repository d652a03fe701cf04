package app.avalo.gateway.forward.stream;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.BudgetFilter;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.BudgetSample;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.upstream.Fields;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An answer that costs a micro-unit a millisecond, of which a second is paid. */
class MeteredTest implements Metered.Reader {
  private final VirtualTime time = new VirtualTime();
  private final Metered meter = meter(true);

  private Metered meter(boolean events) {
    BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, BudgetListener.NONE);
    Cost cost = new Cost(0, 0, 0, 1_000, null, Map.of(), 100, 100, null);
    Plan plan =
        Plans.minimal()
            .service(Plans.service("ai", null))
            .budget(BudgetSample.budget("ai", 1_000, cost))
            .compile();
    Exchange exchange = Exchanges.on(plan).live();
    assertThat(
            Outcome.of(new BudgetFilter(ledger, Runnable::run, Receipts.NONE), exchange)
                .proceeded())
        .isTrue();
    exchange.sent();
    time.advance(Duration.ofMillis(5)); // a first byte at zero is none
    exchange.firstByteNanos(time.nanos());
    Metered made = Metered.of(exchange, events, this);
    assertThat(made).isNotNull();
    return made;
  }

  @Override
  public void chunk(Buffer chunk) {
    throw new AssertionError("nothing is kept where all money is here");
  }

  @Override
  public void end(@Nullable Fields trailers) {
    throw new AssertionError("likewise");
  }

  @Override
  public void readOn() {
    throw new AssertionError("likewise");
  }

  @Override
  public boolean isDone() {
    return false;
  }

  private boolean passes(String chunk) {
    Buffer buffer = Buffer.buffer(chunk);
    return !meter.keeps(buffer, time.nanos()) && meter.passing(buffer) == chunk.length();
  }

  private boolean spent(Metered of, Duration later) {
    time.advance(later);
    return of.isSpent(time.nanos());
  }

  @Test
  void endsBetweenEventsAsSoonAsItsTimeIsNotPaid() {
    assertThat(passes("data: a\n\n")).isTrue();
    assertThat(spent(meter, Duration.ofMillis(900))).isFalse();

    assertThat(spent(meter, Duration.ofMillis(101))).isTrue();
    assertThat(meter.endsWell()).isTrue();
  }

  @Test
  void endsBehindTheEventThatIsUnderWayByThen() {
    assertThat(passes("data: a\n")).isTrue();
    assertThat(spent(meter, Duration.ofMillis(1_001))).as("within the event").isFalse();

    assertThat(passes("\n")).isTrue();
    assertThat(meter.isOver()).isTrue();
    assertThat(meter.endsWell()).isTrue();
  }

  @Test
  void isCutOffWhenThatEventDoesNotEnd() {
    assertThat(passes("data: a\n")).isTrue();
    assertThat(spent(meter, Duration.ofMillis(1_001))).isFalse();

    assertThat(spent(meter, Duration.ofMillis(99))).as("within a slice").isFalse();
    assertThat(spent(meter, Duration.ofMillis(1))).isTrue();
    assertThat(meter.endsWell()).isFalse();
  }

  @Test
  void anyOtherAnswerIsCutOffAtOnce() {
    assertThat(spent(meter(false), Duration.ofMillis(1_001))).isTrue();
  }
}
