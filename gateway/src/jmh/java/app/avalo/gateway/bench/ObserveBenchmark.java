package app.avalo.gateway.bench;

import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.geo.GeoLocator;
import app.avalo.gateway.filter.geo.PlaceFilter;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.observe.AccessLog;
import app.avalo.gateway.observe.AccessLogFilter;
import app.avalo.gateway.observe.MetricSources;
import app.avalo.gateway.observe.MetricsFilter;
import app.avalo.gateway.observe.MetricsPage;
import app.avalo.gateway.observe.RequestMetrics;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What counting, logging and placing cost a request. To hold: counting 100 ns, a log line 1 us,
 * placing a known client 100 ns. Log lines go to /dev/null.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class ObserveBenchmark {
  private static final String YAML =
      """
      listeners: [{name: public, address: "127.0.0.1:8080"}]
      regions:
        eu: {index: 0, latitude: 52.5, longitude: 13.4}
        us: {index: 1, latitude: 37.8, longitude: -122.4}
      services:
        feed: {regions: {eu: "http://127.0.0.1:1", us: "http://127.0.0.1:2"}}
      routes:
        - {name: feed, match: {path: /feed}, service: feed}
      """;

  private final RequestMetrics metrics = new RequestMetrics();
  private final MetricsFilter counting = new MetricsFilter(metrics);
  private final MetricsPage page = new MetricsPage(metrics, new MetricSources());
  private final AccessLog log = new AccessLog("/dev/null");
  private final AccessLogFilter logging = new AccessLogFilter(log, Ticker.SYSTEM);
  private final PlaceFilter placing =
      new PlaceFilter(new GeoLocator(), new LatencyModel(8, Ticker.SYSTEM));
  private final Next nothing = new Nothing();
  private Exchange exchange;

  /** One request that was served. */
  @Setup
  public void serve() {
    if (!(ConfigLoader.parse("bench.yaml", YAML) instanceof Loaded.Valid valid)) {
      throw new IllegalStateException(ConfigLoader.parse("bench.yaml", YAML).toString());
    }
    Plan plan = Plan.compile(valid.config());
    Exchange.Head head =
        new Exchange.Head(
            "GET",
            "api.avalo.app",
            "/feed/2026/posts",
            null,
            HttpHeaders.headers(),
            IpAddress.v4(0x50010203),
            false,
            true,
            "0af7651916cd43dd8448eb211c80319c");
    HttpServerRequest none = null;
    exchange = Exchange.live(plan, head, none, 1_000);
    exchange.routeTo(plan.routes().get(0));
    exchange.attempt(plan.regions().get(0));
    exchange.firstByteNanos(20_000_000);
    exchange.status(200);
    exchange.ended(25_000_000);
  }

  @TearDown
  public void close() {
    log.close();
    page.close();
  }

  /** Counters and both histograms. */
  @Benchmark
  public void count() {
    counting.end(exchange);
  }

  /** One line, formatted and handed over; dropped when the writer is behind. */
  @Benchmark
  public void logLine() {
    logging.end(exchange);
  }

  /** The order of regions for a client that was here before. */
  @Benchmark
  public Object place() {
    placing.request(exchange, nothing);
    return exchange.preference();
  }

  /** One scrape, JVM metrics included. */
  @Benchmark
  public Object scrape() {
    return page.render(null);
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
}
