package app.avalo.gateway.filter.limit;

import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.PendingCalls;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.redis.StoreUnavailable.How;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A real Redis as one gateway sees it in virtual time: scripts run there with that time as their
 * clock, half a round trip after they were sent; answers may be late, or lost with their
 * connection, and Redis may be away.
 */
final class VirtualRedis implements ScriptRunner {
  private static final long EPOCH_MICROS = 1_795_219_200_000_000L;
  private static final Duration DEADLINE = Duration.ofMillis(20);

  /** Until a connection without answers is given up. */
  private static final Duration SILENT = Duration.ofMillis(100);

  /** How long a limit waits. */
  private static final Duration WAIT = DEADLINE.multipliedBy(3).dividedBy(4);

  private static final Duration DIALLING = Duration.ofMillis(50);
  private static final Duration LATE = Duration.ofMillis(30);

  private final Loop loop;
  private final RedisLink link;
  private final VirtualTime time;
  private final Duration oneWay;
  long calls;
  int loseEvery = Integer.MAX_VALUE;
  int delayEvery = Integer.MAX_VALUE;
  boolean away;
  boolean open; // the breaker: calls fail at once, answers go on coming
  private final List<Promise<Response>> pending = new ArrayList<>();
  private long connectedNanos = Long.MIN_VALUE;

  VirtualRedis(Loop loop, RedisLink link, VirtualTime time, Duration oneWay) {
    this.loop = loop;
    this.link = link;
    this.time = time;
    this.oneWay = oneWay;
  }

  @Override
  public Future<Response> run(Script script, List<String> keys, List<String> arguments) {
    return call(script, keys, arguments, DEADLINE);
  }

  @Override
  public Future<Response> send(Script script, List<String> keys, List<String> arguments) {
    return call(script, keys, arguments, SILENT);
  }

  private Future<Response> call(
      Script script, List<String> keys, List<String> arguments, Duration patience) {
    Promise<Response> promise = Promise.promise();
    calls++;
    StoreUnavailable refusal = refusal();
    if (refusal != null) {
      return Future.failedFuture(refusal);
    }
    pending.removeIf(call -> call.future().isComplete());
    pending.add(promise);
    boolean lost = calls % loseEvery == 0;
    Duration back = calls % delayEvery == 0 ? LATE : oneWay;
    time.after(
        patience, () -> promise.tryFail(new StoreUnavailable(How.LATE, "no answer in time")));
    time.after(
        oneWay,
        () -> {
          if (!away) {
            Response answer = atOnce(script, keys, arguments);
            time.after(back, () -> answered(promise, lost, answer));
          }
        });
    return promise.future();
  }

  private void answered(Promise<Response> promise, boolean lost, Response answer) {
    if (lost) {
      cut();
    } else if (!away) {
      promise.tryComplete(answer);
    }
  }

  /** The connection breaks with all that waits for answers; the next stands soon. */
  private void cut() {
    connectedNanos = time.nanos() + DIALLING.toNanos();
    pending.forEach(call -> call.tryFail(new StoreUnavailable("connection closed")));
    pending.clear();
  }

  private Response atOnce(Script script, List<String> keys, List<String> arguments) {
    List<String> timed = new ArrayList<>(arguments);
    if (!timed.isEmpty() && timed.get(0).isEmpty()) {
      timed.set(0, Long.toString(EPOCH_MICROS + time.nanos() / 1000));
    }
    return loop.await(() -> link.run(script, keys, timed));
  }

  /** It is reached again; it may have forgotten. */
  void back() {
    away = false;
    connectedNanos = time.nanos();
  }

  @Override
  public @Nullable StoreUnavailable refusal() {
    if (away || time.nanos() < connectedNanos) {
      return new StoreUnavailable(How.UNSENT, "away");
    }
    return open ? new StoreUnavailable(How.SLOW, "slow") : null;
  }

  @Override
  public long connectedNanos() {
    return connectedNanos;
  }

  @Override
  public <T> PendingCalls<T> waits() {
    return new PendingCalls<>(WAIT, time, time, late -> {});
  }

  @Override
  public boolean takesAnyKeys() {
    return link.takesAnyKeys();
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
