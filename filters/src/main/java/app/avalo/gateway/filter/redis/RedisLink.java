package app.avalo.gateway.filter.redis;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The road to Redis of one event loop: one pipelined connection at a time, replaced when it dies.
 * Made and used on that loop; only {@link #stats} may be read from elsewhere. Until the first
 * connection stands, and whenever none does, calls fail at once.
 */
public final class RedisLink implements ScriptRunner {
  private static final Logger LOG = LoggerFactory.getLogger(RedisLink.class);
  private static final Duration DIAL_PATIENCE = Duration.ofSeconds(2);
  private static final StoreUnavailable DOWN =
      new StoreUnavailable(StoreUnavailable.How.UNSENT, "Redis is down");
  private static final StoreUnavailable SLOW =
      new StoreUnavailable(StoreUnavailable.How.SLOW, "Redis is slow");
  private static final StoreUnavailable FULL =
      new StoreUnavailable(StoreUnavailable.How.UNSENT, "too many calls wait");

  private final Vertx vertx;
  private final StateConfig.Redis config;
  private final Wire.Patience patience;
  private final Timers timers;
  private final Backoff backoff = new Backoff(RandomGenerator.getDefault());
  private volatile @Nullable Wire wire; // written by the event loop
  private long connectedNanos = Long.MIN_VALUE; // reached()
  private @Nullable Redis dialled; // client of the attempt under way
  private boolean closed;
  private boolean away; // whether its absence was logged
  private final Promise<Void> tried = Promise.promise();
  private final LongAdder timeouts = new LongAdder();
  private final LongAdder errors = new LongAdder();
  private final LongAdder connections = new LongAdder();

  private RedisLink(Vertx vertx, StateConfig.Redis config, Ticker ticker) {
    this.vertx = vertx;
    this.config = config;
    this.patience = new Wire.Patience(config.deadline(), ticker);
    this.timers = Timers.of(vertx);
  }

  /**
   * What monitoring shows of a link; a snapshot that may lag by one call.
   *
   * @param up whether calls are tried at all
   * @param pending commands without answer
   * @param timeouts calls and pings that ran out of time, since the start
   * @param errors calls refused by a full queue, a broken connection or Redis itself
   * @param reconnects connections made after the first
   */
  public record Stats(boolean up, int pending, long timeouts, long errors, long reconnects) {}

  /** Starts connecting, on the event loop that will use the link. */
  public static RedisLink connect(Vertx vertx, StateConfig.Redis config, Ticker ticker) {
    RedisLink link = new RedisLink(vertx, config, ticker);
    link.dial();
    return link;
  }

  /**
   * Completes when the first attempt to connect has ended, well or not; at most two seconds after
   * the start. Who begins to serve only then meets no Redis that is merely not connected yet.
   */
  public Future<Void> tried() {
    return tried.future();
  }

  @Override
  public @Nullable StoreUnavailable refusal() {
    Wire current = wire;
    if (current == null || current.dead()) {
      return DOWN;
    }
    return current.up() ? null : SLOW;
  }

  @Override
  public long connectedNanos() {
    return connectedNanos;
  }

  @Override
  public <T> PendingCalls<T> waits() {
    return new PendingCalls<>(patience.prompt(), patience.ticker(), timers, late -> {});
  }

  @Override
  public Timers timers() {
    return timers;
  }

  @Override
  public Future<Response> run(Script script, List<String> keys, List<String> arguments) {
    return call(new Invocation(script, keys, arguments), false);
  }

  @Override
  public Future<Response> send(Script script, List<String> keys, List<String> arguments) {
    return call(new Invocation(script, keys, arguments), true);
  }

  private Future<Response> call(Invocation invocation, boolean outlasting) {
    StoreUnavailable refusal = refusal();
    Wire current = wire;
    if (refusal != null || current == null) {
      return Future.failedFuture(refusal == null ? DOWN : refusal);
    }
    if (current.unsettled() >= Dial.QUEUE) {
      errors.increment();
      return Future.failedFuture(FULL);
    }
    PendingCall<Response> inTime = current.start();
    PendingCall<Response> ever = current.outlasting();
    send(current, inTime, ever, invocation, Command.EVALSHA);
    return outlasting ? ever.future() : inTime.future();
  }

  /** What to run with what. */
  private record Invocation(Script script, List<String> keys, List<String> arguments) {
    Request as(Command command) {
      Request request = Request.cmd(command);
      request.arg(command == Command.EVAL ? script.source() : script.sha1()).arg(keys.size());
      for (String key : keys) {
        request.arg(key);
      }
      for (String argument : arguments) {
        request.arg(argument);
      }
      return request;
    }
  }

  private void send(
      Wire on,
      PendingCall<Response> inTime,
      PendingCall<Response> ever,
      Invocation invocation,
      Command command) {
    on.send(invocation.as(command))
        .onComplete(
            (response, failure) -> {
              if (failure == null) {
                if (!ever.settled()) {
                  on.settled(); // before anybody hears of it, who may look at once
                }
                on.answered(inTime);
                ever.answer(response);
                inTime.answer(response);
              } else if (command == Command.EVALSHA
                  && is(failure, "NOSCRIPT")
                  && !inTime.settled()) {
                // A Redis that started anew; EVAL runs the script and makes it known.
                send(on, inTime, ever, invocation, Command.EVAL);
              } else {
                refused(on, inTime, invocation, failure);
                if (ever.fail(new StoreUnavailable(reason(failure)))) {
                  on.settled();
                }
              }
            });
  }

  private void refused(
      Wire on, PendingCall<Response> call, Invocation invocation, Throwable failure) {
    if (call.fail(new StoreUnavailable(reason(failure)))) {
      errors.increment();
    }
    if (!(failure instanceof ErrorType) || is(failure, "CONNECTION_CLOSED")) {
      on.die(reason(failure));
    } else if (is(failure, "READONLY")) {
      on.die("connected to a replica");
    } else if (!is(failure, "NOSCRIPT")) {
      LOG.atWarn()
          .addKeyValue("script", invocation.script().name())
          .addKeyValue("error", failure.getMessage())
          .log("Redis refused a script");
    }
  }

  private static boolean is(Throwable failure, String code) {
    return failure instanceof ErrorType error && error.is(code);
  }

  private static String reason(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  private void dial() {
    if (closed) {
      return;
    }
    Redis client = Dial.client(vertx, config);
    dialled = client;
    Timers.Timer giveUp =
        timers.after(DIAL_PATIENCE, () -> notReached(client, "no answer to the first ping"));
    client
        .connect()
        .onComplete(
            (connection, failure) -> {
              giveUp.cancel();
              if (failure != null) {
                notReached(client, reason(failure));
              } else if (dialled == client) {
                reached(client, connection);
              }
            });
  }

  private void reached(Redis client, RedisConnection connection) {
    dialled = null;
    backoff.reset();
    connections.increment();
    connectedNanos = patience.ticker().nanos();
    wire = new Wire(vertx, client, connection, patience, timeouts::increment, this::lost);
    tried.tryComplete();
    if (away) {
      away = false;
      LOG.atInfo().addKeyValue("endpoints", config.endpoints()).log("Redis is back");
    }
  }

  private void notReached(Redis client, String reason) {
    if (dialled == client) {
      dialled = null;
      client.close();
      lost(reason);
    }
  }

  private void lost(String reason) {
    wire = null;
    tried.tryComplete();
    if (closed) {
      return;
    }
    if (!away) {
      away = true;
      LOG.atWarn()
          .addKeyValue("endpoints", config.endpoints())
          .addKeyValue("reason", reason)
          .log("Redis is away, trying to reach it again");
    }
    timers.after(backoff.next(), this::dial);
  }

  /** Ends the link for good; on its event loop. */
  public void close() {
    closed = true;
    Wire current = wire;
    if (current != null) {
      current.die("link closed");
    }
    Redis client = dialled;
    if (client != null) {
      dialled = null;
      client.close();
    }
    tried.tryComplete();
  }

  /** Figures for metrics, from any thread. */
  public Stats stats() {
    Wire current = wire;
    return new Stats(
        current != null && current.up(),
        current == null ? 0 : current.unsettled(),
        timeouts.sum(),
        errors.sum(),
        Math.max(0, connections.sum() - 1));
  }
}
