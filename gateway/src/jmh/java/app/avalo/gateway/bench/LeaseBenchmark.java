package app.avalo.gateway.bench;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets.Said;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.shared.LeasedBuckets;
import app.avalo.gateway.filter.limit.shared.LoopLink;
import app.avalo.gateway.filter.redis.PendingCalls;
import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.MultiType;
import io.vertx.redis.client.impl.types.NumberType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

/** The leased decision while the lease is warm: the key, and a token of it. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class LeaseBenchmark {
  private final BucketKey key = new BucketKey();
  private final Reading reading = new Reading();
  private LimitConfig policy;
  private Exchange exchange;
  private LeasedBuckets buckets;

  /** A Redis that grants at once whatever is wished. */
  private static final class Lender implements ScriptRunner {
    @Override
    public Future<Response> run(Script script, List<String> keys, List<String> arguments) {
      MultiType answer = MultiType.create(6, false);
      for (String each :
          List.of(arguments.get(4), arguments.get(6), "0", "1", arguments.get(11), "0")) {
        answer.add(NumberType.create(Long.parseLong(each)));
      }
      return Future.succeededFuture(answer);
    }

    @Override
    public Future<Response> send(Script script, List<String> keys, List<String> arguments) {
      return run(script, keys, arguments);
    }

    @Override
    public @Nullable StoreUnavailable refusal() {
      return null;
    }

    @Override
    public long connectedNanos() {
      return Long.MIN_VALUE;
    }

    @Override
    public <T> PendingCalls<T> waits() {
      return new PendingCalls<>(Duration.ofMillis(20), Ticker.SYSTEM, timers(), late -> {});
    }

    @Override
    public boolean takesAnyKeys() {
      return true;
    }

    @Override
    public void soon(Runnable task) {
      task.run();
    }

    @Override
    public Timers timers() {
      return (delay, task) -> () -> {};
    }
  }

  @Setup
  public void prepare() {
    policy =
        Policies.named("wide")
            .key(KeyPart.ADDRESS)
            .of(Policies.per(1_000_000_000, Duration.ofSeconds(1), 1_000_000_000))
            .leased()
            .build();
    Plan plan = Policies.plan(policy);
    exchange = Exchanges.on(plan).client("192.0.2.1").live();
    long most = LeasedBuckets.most(policy.allowance());
    Shape shape = Shape.of(policy.allowance().without(most));
    buckets =
        new LeasedBuckets(
            new LoopLink(new Lender(), "bench", Ticker.SYSTEM),
            shape,
            most,
            new CompactBuckets(shape, Ticker.SYSTEM, new Room(1 << 20)),
            (key, tokens) -> {});
    key.fill(policy, exchange);
    while (buckets.take(key, 1, reading) != Said.YES) {
      buckets.ask(key, 1, (granted, failure) -> {});
    }
  }

  @Benchmark
  public Said decides() {
    key.fill(policy, exchange);
    Said said = buckets.take(key, 1, reading);
    if (said != Said.YES) {
      buckets.ask(key, 1, (granted, failure) -> {});
    }
    return said;
  }
}
