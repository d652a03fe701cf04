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

/** Counts the calls that go to Redis. */
final class Counting implements ScriptRunner {
  final ScriptRunner link;
  int calls;

  Counting(ScriptRunner link) {
    this.link = link;
  }

  @Override
  public Future<Response> run(Script script, List<String> keys, List<String> arguments) {
    calls++;
    return link.run(script, keys, arguments);
  }

  @Override
  public Future<Response> send(Script script, List<String> keys, List<String> arguments) {
    calls++;
    return link.send(script, keys, arguments);
  }

  @Override
  public @Nullable StoreUnavailable refusal() {
    return link.refusal();
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
  public Timers timers() {
    return link.timers();
  }
}
