package app.avalo.gateway.bench;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.limit.LimitFilter;
import app.avalo.gateway.filter.limit.Limits;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.open.MessageMeter;
import app.avalo.gateway.filter.time.Ticker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** The local decision of one policy, by address: passed, refused, and with many callers. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class LimitBenchmark {
  /** Callers that take turns. */
  @Param({"1", "10000"})
  public int callers;

  private Exchange[] passing;
  private Exchange[] refused;
  private Exchange[] few;
  private LimitFilter filter;
  private MessageMeter meter;
  private final ByteBuf head = Unpooled.buffer(512);
  private final Reply answer =
      new Reply.Proxied(
          204, HttpHeaders.headers(), (lines, exchange) -> lines.write(exchange, head));
  private final BucketKey key = new BucketKey();
  private final Reading reading = new Reading();
  private LimitConfig wide;
  private Shape shape;
  private CompactBuckets table;
  private int turn;

  @Setup
  public void prepare() {
    passing = exchanges(plan("wide", 1_000_000_000));
    refused = exchanges(plan("tight", 1));
    few = exchanges(plan("few", 1_000_000_000, KeyPart.ROUTE));
    wide = passing[0].route().limits().get(0);
    shape = Shape.of(wide.allowance());
    table = new CompactBuckets(shape, Ticker.SYSTEM, Room.ofHeap());
    filter = new LimitFilter(new Limits(Ticker.SYSTEM, 1), null, "bench");
    meter = MessageMeter.of(new Rate(100, Duration.ofSeconds(1)), Ticker.SYSTEM.nanos());
  }

  private static Plan plan(String name, long perDay) {
    return plan(name, perDay, KeyPart.ADDRESS);
  }

  private static Plan plan(String name, long perDay, KeyPart by) {
    LimitConfig limit =
        new LimitConfig(
            name,
            List.of(by),
            LimitConfig.Grain.DEFAULT,
            new Allowance(List.of(new Bandwidth(new Rate(perDay, Duration.ofDays(1)), perDay))),
            Map.of(),
            LimitConfig.Mode.LOCAL,
            LimitConfig.OnStoreDown.LOCAL_SHARE,
            false,
            new LimitConfig.Cost(1, Map.of(), 0, null),
            true,
            List.of(),
            null,
            null,
            Map.of());
    return Plans.minimal().limit(limit).route(Routes.toFeed().limits(name).build()).compile();
  }

  private Exchange[] exchanges(Plan plan) {
    Exchange[] exchanges = new Exchange[callers];
    for (int i = 0; i < callers; i++) {
      exchanges[i] = Exchanges.on(plan).client(IpAddress.v4(0x0a000000 + i).toString()).live();
    }
    return exchanges;
  }

  private Exchange next(Exchange[] exchanges) {
    turn = turn + 1 == exchanges.length ? 0 : turn + 1;
    return exchanges[turn];
  }

  private record Sink(Blackhole hole) implements Next {
    @Override
    public void proceed(Exchange exchange) {
      hole.consume(exchange.limits());
    }

    @Override
    public void reply(Exchange exchange, Reply.Local reply) {
      hole.consume(reply);
    }
  }

  @Benchmark
  public void passes(Blackhole hole) {
    filter.request(next(passing), new Sink(hole));
  }

  /** By route: one of the few keys that Bucket4j keeps. */
  @Benchmark
  public void passesByRoute(Blackhole hole) {
    filter.request(next(few), new Sink(hole));
  }

  @Benchmark
  public void refuses(Blackhole hole) {
    filter.request(next(refused), new Sink(hole));
  }

  /** With the lines of its answer, written to a head. */
  @Benchmark
  public ByteBuf passesAndAnswers(Blackhole hole) {
    Exchange exchange = next(passing);
    filter.request(exchange, new Sink(hole));
    head.clear();
    filter.response(exchange, answer);
    return head;
  }

  /** What of it is the decision: the key, and the bucket of a table. */
  @Benchmark
  public boolean decides() {
    key.fill(wide, next(passing));
    return table.take(key, shape, 1, reading);
  }

  @Benchmark
  public boolean message() {
    return meter.tryMessage(Ticker.SYSTEM.nanos());
  }
}
