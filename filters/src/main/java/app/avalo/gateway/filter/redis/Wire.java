package app.avalo.gateway.filter.redis;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One pipelined connection from its birth to its death; never revived. A ping every half second
 * shows whether Redis answers within the deadline. The breaker opens after two pings without
 * answer, or at once when calls have been met by silence for three deadlines; while it is open,
 * calls fail at once and the next ping is the probe. Two pings that stay without any answer until
 * the third is due end the connection. Any answer ends the silence, however late: Redis is one
 * thread, so it works, and whether it is slow the pings tell. One that answers in time closes the
 * breaker.
 */
final class Wire {
  static final Duration PING_EVERY = Duration.ofMillis(500);

  /** Longer than it takes to end a connection: one node of a cluster may be silent alone. */
  private static final Duration GIVEN_UP = Duration.ofSeconds(2);

  private static final int PINGS_MISSED = 2;
  private static final int SILENT_DEADLINES = 3;

  private final Redis client;
  private final RedisConnection connection;
  private final Ticker ticker;
  private final Timers timers;
  private final PendingCalls<Response> pending;
  private final PendingCalls<Response> outlasting;
  private final CircuitBreaker breaker;
  private final long deadlineNanos;
  private final Consumer<String> died;
  private volatile boolean dead;
  private volatile boolean open; // by the breaker's handlers
  private int unsettled; // calls neither answered nor given up; metrics may read stale
  private int pingsMissed;
  private long silentSince; // start of the first call that went unanswered, 0 while answers come
  private Timers.@Nullable Timer nextPing;

  /**
   * Takes over an open connection.
   *
   * @param late hears of every call that ran out of time
   * @param died hears once why the connection ended
   */
  Wire(
      Vertx vertx,
      Redis client,
      RedisConnection connection,
      Patience patience,
      Runnable late,
      Consumer<String> died) {
    this.client = client;
    this.connection = connection;
    this.ticker = patience.ticker();
    this.timers = Timers.of(vertx);
    this.deadlineNanos = patience.deadline().toNanos();
    this.died = died;
    this.pending =
        new PendingCalls<>(
            patience.deadline(),
            ticker,
            timers,
            call -> {
              late.run();
              silence(call);
            });
    this.outlasting = new PendingCalls<>(GIVEN_UP, ticker, timers, call -> unsettled--);
    this.breaker = CircuitBreaker.create("redis", vertx, breakerOptions(patience.deadline()));
    breaker.openHandler(opened -> open = true);
    breaker.closeHandler(closed -> open = false);
    breaker.halfOpenHandler(halfOpen -> ping());
    connection.endHandler(end -> die("connection closed"));
    connection.exceptionHandler(failure -> die("connection failed"));
    schedulePing();
  }

  /** How long a call may take, on which clock. */
  record Patience(Duration deadline, Ticker ticker) {}

  private static CircuitBreakerOptions breakerOptions(Duration deadline) {
    return new CircuitBreakerOptions()
        .setMaxFailures(PINGS_MISSED)
        .setResetTimeout(PING_EVERY.toMillis())
        // Pings end by the deadline; this only keeps a lost one from wedging the half-open state.
        .setTimeout(deadline.toMillis() + 1000);
  }

  boolean up() {
    return !open && !dead;
  }

  /** Calls and pings that wait for Redis, their deadline passed or not. */
  int unsettled() {
    return unsettled;
  }

  /** A call whose deadline starts now. */
  PendingCall<Response> start() {
    return pending.start();
  }

  /** A call that waits on when its deadline has passed, and has a place until it ends. */
  PendingCall<Response> outlasting() {
    unsettled++;
    return outlasting.start();
  }

  /** Sends one command; its answer, when it comes, however late, or why none can come. */
  Future<Response> send(Request request) {
    return connection.send(request);
  }

  /** Who was waiting until now has ended. */
  void settled() {
    unsettled--;
  }

  /** Notes an answer, perhaps a late one: slow is for the pings to tell. */
  void answered() {
    silentSince = 0;
  }

  private void silence(PendingCall<Response> call) {
    if (silentSince == 0) {
      silentSince = call.dueNanos() - deadlineNanos;
    }
    if (!open && ticker.nanos() - silentSince >= SILENT_DEADLINES * deadlineNanos) {
      breaker.open();
    }
  }

  private void schedulePing() {
    nextPing =
        timers.after(
            PING_EVERY,
            () -> {
              // While the breaker is open its own timer asks for the probe.
              if (!open) {
                ping();
              }
              if (!dead) {
                schedulePing();
              }
            });
  }

  private void ping() {
    if (dead) {
      return;
    }
    if (pingsMissed >= PINGS_MISSED) {
      die("no answer to " + pingsMissed + " pings");
      return;
    }
    breaker.execute(this::sendPing);
  }

  private Future<Response> sendPing() {
    PendingCall<Response> call = start();
    pingsMissed++;
    unsettled++;
    send(Request.cmd(Command.PING))
        .onComplete(
            (pong, failure) -> {
              settled();
              pingsMissed = 0;
              if (failure != null) {
                call.fail(new StoreUnavailable("ping refused"));
              } else {
                call.answer(pong);
                answered();
              }
            });
    return call.future();
  }

  /** Ends the connection; what waits fails now. */
  void die(String reason) {
    if (dead) {
      return;
    }
    dead = true;
    if (nextPing != null) {
      nextPing.cancel();
    }
    pending.failAll(new StoreUnavailable(reason));
    outlasting.failAll(new StoreUnavailable(reason));
    breaker.close();
    client.close();
    died.accept(reason);
  }
}
