package app.avalo.gateway.filter.redis;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.core.Completable;
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
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One pipelined connection from its birth to its death; never revived. A ping every half second
 * shows whether Redis answers as soon as limits need it. The breaker opens after two late pings
 * with nothing answered in time since the one before the first, or at once when calls have been met
 * by silence for three deadlines; while it is open, calls fail at once and a ping soon after is the
 * probe: in time, it closes the breaker. Any answer ends the silence, however late: Redis is one
 * thread, so it works, and whether it is slow the pings tell. A ping that nothing follows for
 * nearly a second ends the connection.
 */
final class Wire {
  static final Duration PING_EVERY = Duration.ofMillis(500);

  /** Longer than it takes to end a connection: one node of a cluster may be silent alone. */
  private static final Duration GIVEN_UP = Duration.ofSeconds(2);

  /** Nearly two pings: the third finds it so though timers are not exact. */
  private static final long GONE_NANOS = 900_000_000;

  /** Shares decide meanwhile, which are less just than Redis; so the pause is short. */
  private static final long PROBE_MILLIS = 100;

  private static final int PINGS_LATE = 2;
  private static final int SILENT_DEADLINES = 3;

  private final Vertx vertx;
  private final Redis client;
  private final RedisConnection connection;
  private final Ticker ticker;
  private final Timers timers;
  private final PendingCalls<Response> pending;
  private final PendingCalls<Response> pings;
  private final PendingCalls<Response> outlasting;
  private final CircuitBreaker breaker;
  private final long deadlineNanos;
  private final long spareNanos; // what is left of the deadline behind an answer in time
  private final Consumer<String> died;
  private volatile boolean dead;
  private volatile boolean open; // by the breaker's handlers
  private int unsettled; // calls neither answered nor given up; metrics may read stale
  private long pingedSince; // when the first ping was sent that nothing has followed, or 0
  private boolean prompt; // something was answered in time since the last ping was judged
  private long silentSince; // start of the first call that went unanswered, 0 while answers come
  private Timers.@Nullable Timer nextPing;

  /**
   * Takes over an open connection.
   *
   * @param late hears of every call that ran out of time
   * @param died hears once why the connection ended, after all who waited for it
   */
  Wire(
      Vertx vertx,
      Redis client,
      RedisConnection connection,
      Patience patience,
      Runnable late,
      Consumer<String> died) {
    this.vertx = vertx;
    this.client = client;
    this.connection = connection;
    this.ticker = patience.ticker();
    this.timers = Timers.of(vertx);
    this.deadlineNanos = patience.deadline().toNanos();
    this.spareNanos = deadlineNanos - patience.prompt().toNanos();
    this.died = died;
    this.pending =
        new PendingCalls<>(
            patience.deadline(),
            ticker,
            timers,
            call -> {
              late.run();
              silence(call.dueNanos() - deadlineNanos);
            });
    this.pings =
        new PendingCalls<>(
            patience.prompt(),
            ticker,
            timers,
            ping -> {
              late.run();
              silence(ping.dueNanos() - patience.prompt().toNanos());
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
  record Patience(Duration deadline, Ticker ticker) {
    /**
     * What limits wait, and what pings are judged by. Half is left to what comes before the wait
     * and behind it: a timer has whole milliseconds, and its loop other things to do, most of them
     * just then: all who wait are answered at once, in every gateway.
     */
    Duration prompt() {
      return deadline.dividedBy(2);
    }
  }

  private static CircuitBreakerOptions breakerOptions(Duration deadline) {
    return new CircuitBreakerOptions()
        .setMaxFailures(PINGS_LATE)
        // Replicas that found it slow together do not come back together.
        .setResetTimeout(PROBE_MILLIS + RandomGenerator.getDefault().nextLong(PROBE_MILLIS / 2))
        // Pings end by the deadline; this only keeps a lost one from wedging the half-open state.
        .setTimeout(deadline.toMillis() + 1000);
  }

  boolean dead() {
    return dead;
  }

  boolean up() {
    return !open && !dead;
  }

  /** Calls and pings that wait for Redis, their deadline passed or not. */
  int unsettled() {
    return unsettled;
  }

  /** A call whose deadline starts now. */
  PendingCall<Response> start(Completable<Response> asker) {
    return pending.start(asker);
  }

  /** A call that waits on when its deadline has passed, and has a place until it ends. */
  PendingCall<Response> outlasting(Completable<Response> asker) {
    unsettled++;
    return outlasting.start(asker);
  }

  /** Sends one command; its answer, when it comes, however late, or why none can come. */
  Future<Response> send(Request request) {
    return connection.send(request);
  }

  /** Who was waiting until now has ended. */
  void settled() {
    unsettled--;
  }

  /** Notes the answer to a call, perhaps a late one: slow is for the pings to tell. */
  void answered(PendingCall<Response> call) {
    silentSince = 0;
    pingedSince = 0;
    prompt = prompt || call.dueNanos() - ticker.nanos() >= spareNanos;
  }

  private void silence(long startNanos) {
    if (silentSince == 0) {
      silentSince = startNanos;
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
    if (pingedSince != 0 && ticker.nanos() - pingedSince >= GONE_NANOS) {
      die("no answer to pings");
      return;
    }
    breaker.execute(this::sendPing);
  }

  private Future<Void> sendPing() {
    Promise<Response> answer = Promise.promise();
    PendingCall<Response> ping = pings.start(answer);
    pingedSince = pingedSince == 0 ? ticker.nanos() : pingedSince;
    unsettled++;
    send(Request.cmd(Command.PING))
        .onComplete(
            (pong, failure) -> {
              settled();
              if (failure == null || failure instanceof ErrorType) {
                silentSince = 0;
                pingedSince = 0;
              }
              if (failure == null) {
                ping.answer(pong);
              } else {
                ping.fail(new StoreUnavailable("ping refused"));
              }
            });
    return answer.future().transform((pong, failure) -> judged(failure));
  }

  /** One node of a cluster, or one lost packet, may delay pings while others are answered. */
  private Future<Void> judged(@Nullable Throwable failure) {
    boolean slow = failure != null && !prompt;
    prompt = false;
    return slow ? Future.failedFuture(failure) : Future.succeededFuture();
  }

  /**
   * Ends the connection; what waits fails now. The rest comes in the next turn of the loop: it
   * takes its time, the first one of a process some milliseconds, and a call that finds the
   * connection broken is not answered before its way back.
   */
  void die(String reason) {
    if (dead) {
      return;
    }
    dead = true;
    if (nextPing != null) {
      nextPing.cancel();
    }
    pending.failAll(new StoreUnavailable(reason));
    pings.failAll(new StoreUnavailable(reason));
    outlasting.failAll(new StoreUnavailable(reason));
    vertx.runOnContext(
        told -> {
          breaker.close();
          client.close();
          died.accept(reason);
        });
  }
}
