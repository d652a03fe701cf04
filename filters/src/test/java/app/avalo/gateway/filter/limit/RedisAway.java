package app.avalo.gateway.filter.limit;

import app.avalo.gateway.filter.redis.PendingCalls;
import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.List;

/** A Redis that was never reached. */
public record RedisAway(VirtualTime time) implements ScriptRunner {
  private static final StoreUnavailable AWAY =
      new StoreUnavailable(StoreUnavailable.How.UNSENT, "away");

  @Override
  public Future<Response> run(Script script, List<String> keys, List<String> arguments) {
    return Future.failedFuture(AWAY);
  }

  @Override
  public Future<Response> send(Script script, List<String> keys, List<String> arguments) {
    return run(script, keys, arguments);
  }

  @Override
  public StoreUnavailable refusal() {
    return AWAY;
  }

  @Override
  public long connectedNanos() {
    return Long.MIN_VALUE;
  }

  @Override
  public <T> PendingCalls<T> waits() {
    return new PendingCalls<>(Duration.ofMillis(20), time, time, late -> {});
  }

  @Override
  public boolean takesAnyKeys() {
    return true;
  }

  @Override
  public void soon(Runnable task) {
    time.after(Duration.ZERO, task);
  }

  @Override
  public Timers timers() {
    return time;
  }
}
