package app.avalo.gateway.bench;

import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.budget.BudgetFilter;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** What a budgeted request costs: one reservation and one settlement, by one loop and by two. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class BudgetBenchmark {
  private static final String YAML =
      """
      listeners: [{name: public, address: "127.0.0.1:8080"}]
      regions:
        eu: {index: 0, latitude: 52.5, longitude: 13.4}
      services:
        ai: {regions: {eu: "http://127.0.0.1:1"}}
      routes:
        - {name: ai, match: {path: /}, service: ai}
      budgets:
        ai: {amount: 1000000 PLN, services: [ai], cost: {perRequest: 0.000001 PLN}}
      """;

  @Param({"memory", "disk"})
  public String ledger = "";

  private Journal journal = Journal.NONE;
  private Plan plan;
  private BudgetFilter filter;

  /** Opens the ledger; on disk it lives in a directory of its own. */
  @Setup
  public void open() throws IOException {
    if (!(ConfigLoader.parse("bench.yaml", YAML) instanceof Loaded.Valid valid)) {
      throw new IllegalStateException(ConfigLoader.parse("bench.yaml", YAML).toString());
    }
    plan = Plan.compile(valid.config());
    if (ledger.equals("disk")) {
      journal = FileJournal.open(Files.createTempDirectory("budget-bench"));
    }
    BudgetLedger accounts = BudgetLedger.alone(Ticker.SYSTEM, journal, BudgetListener.NONE);
    accounts.configure(plan);
    filter = new BudgetFilter(accounts, Runnable::run, Receipts.NONE);
  }

  /** Ends the writer. */
  @TearDown
  public void close() {
    if (journal instanceof FileJournal file) {
      file.close();
    }
  }

  /** The rest of a pipeline that does nothing. */
  private static final class Nothing implements Next {
    @Override
    public void proceed(Exchange exchange) {}

    @Override
    public void reply(Exchange exchange, Reply.Local reply) {
      throw new IllegalStateException("refused");
    }
  }

  private static final Next NOTHING = new Nothing();

  @Benchmark
  public Exchange oneLoop() {
    return request();
  }

  @Benchmark
  @Threads(2)
  public Exchange twoLoops() {
    return request();
  }

  private Exchange request() {
    Exchange.Head head =
        new Exchange.Head(
            "GET",
            "api.avalo.app",
            "/",
            null,
            HttpHeaders.headers(),
            IpAddress.v4(1),
            false,
            true,
            "id");
    HttpServerRequest none = null;
    Exchange exchange = Exchange.live(plan, head, none, 0);
    exchange.routeTo(plan.routes().get(0));
    filter.request(exchange, NOTHING);
    exchange.attempt(plan.regions().get(0));
    exchange.sent();
    filter.end(exchange);
    return exchange;
  }
}
