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
record RedisAway(VirtualTime time) implements ScriptRunner {
  @Override
  public Future<Response> run(Script script, List<String> keys, List<String> arguments) {
    return Future.failedFuture(new StoreUnavailable("away"));
  }

  @Override
  public Future<Response> send(Script script, List<String> keys, List<String> arguments) {
    return run(script, keys, arguments);
  }

  @Override
  public boolean isUp() {
    return false;
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
  public Timers timers() {
    return time;
  }
}
