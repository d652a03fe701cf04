package app.avalo.gateway.bench;

import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.forward.head.HeaderCopy;
import app.avalo.gateway.pipeline.Pipeline;
import app.avalo.gateway.upstream.Fields;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Collections;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * What every request pays before any filter decides anything: the headers of an answer copied, and
 * a pipeline of as many filters as the live one has, each doing nothing.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RelayBenchmark {
  private static final int FILTERS = 11;

  private static final String YAML =
      """
      listeners: [{name: public, address: "127.0.0.1:8080"}]
      regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
      services: {feed: {regions: {eu: "http://127.0.0.1:1"}}}
      routes: [{name: feed, match: {path: /feed}, service: feed}]
      """;

  private final DefaultHttpHeaders answered = new DefaultHttpHeaders();
  private final Fields fields = answered::iteratorCharSequence;
  private final Reply reply = Reply.Local.empty(200);
  private final Pipeline pipeline =
      new Pipeline(
          Collections.nCopies(FILTERS, (Filter) new PassesOn()),
          passed -> {},
          (passed, local) -> {});
  private Exchange exchange;

  /** An answer as services give it, and an exchange. */
  @Setup
  public void setUp() {
    answered.add("Server", "nginx/1.27.0");
    answered.add("Date", "Fri, 27 Nov 2026 12:00:00 GMT");
    answered.add("Content-Type", "application/json");
    answered.add("Content-Length", "1024");
    answered.add("Connection", "keep-alive");
    answered.add("Cache-Control", "private, max-age=60");
    answered.add("ETag", "\"33a64df551425fcc55e4d42a148795d9\"");
    answered.add("Vary", "Accept-Encoding");
    if (!(ConfigLoader.parse("bench.yaml", YAML) instanceof Loaded.Valid valid)) {
      throw new IllegalStateException(ConfigLoader.parse("bench.yaml", YAML).toString());
    }
    Exchange.Head head =
        new Exchange.Head(
            "GET",
            "api.avalo.app",
            "/feed",
            null,
            HttpHeaders.headers(),
            IpAddress.v4(1),
            false,
            true,
            "id");
    HttpServerRequest none = null;
    exchange = Exchange.live(Plan.compile(valid.config()), head, none, 1_000);
  }

  /** Seven of eight headers pass. */
  @Benchmark
  public MultiMap headers() {
    MultiMap to = HttpHeaders.headers();
    HeaderCopy.down(fields, to);
    return to;
  }

  /** Up, down and the settling. */
  @Benchmark
  public Exchange pipeline() {
    pipeline.run(exchange);
    pipeline.response(exchange, reply);
    pipeline.end(exchange);
    return exchange;
  }

  private static final class PassesOn implements Filter {
    @Override
    public void request(Exchange exchange, Next next) {
      next.proceed(exchange);
    }
  }
}
