package app.avalo.gateway.filter.limit;

import app.avalo.gateway.filter.redis.PendingCalls;
import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Counts the calls that go to Redis, and closes the road when told to. */
public final class Counting implements ScriptRunner {
  final ScriptRunner link;
  int calls;
  public @Nullable StoreUnavailable closed; // why, while it is

  public Counting(ScriptRunner link) {
    this.link = link;
  }

  @Override
  public Future<Response> run(Script script, List<String> keys, List<String> arguments) {
    calls++;
    return closed == null ? link.run(script, keys, arguments) : Future.failedFuture(closed);
  }

  @Override
  public Future<Response> send(Script script, List<String> keys, List<String> arguments) {
    calls++;
    return closed == null ? link.send(script, keys, arguments) : Future.failedFuture(closed);
  }

  @Override
  public @Nullable StoreUnavailable refusal() {
    return closed == null ? link.refusal() : closed;
  }

  @Override
  public long connectedNanos() {
    return link.connectedNanos();
  }

  @Override
  public <T> PendingCalls<T> waits() {
    return link.waits();
  }

  @Override
  public boolean takesAnyKeys() {
    return link.takesAnyKeys();
  }

  @Override
  public void soon(Runnable task) {
    link.soon(task);
  }

  @Override
  public Timers timers() {
    return link.timers();
  }
}
