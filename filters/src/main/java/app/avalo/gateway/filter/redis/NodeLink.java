package app.avalo.gateway.filter.redis;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
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
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A link to one Redis, or to the master that Sentinel names: one pipelined connection at a time,
 * replaced when it dies. Until the first stands, and whenever none does, calls fail at once.
 */
final class NodeLink implements RedisLink {
  private static final Logger LOG = LoggerFactory.getLogger(NodeLink.class);
  private static final Duration DIAL_PATIENCE = Duration.ofSeconds(2);

  /**
   * A connection that held so long was good: one to a replica, or to a Redis that dies, ends soon.
   */
  private static final Duration HELD = Duration.ofSeconds(2);

  static final StoreUnavailable DOWN =
      new StoreUnavailable(StoreUnavailable.How.UNSENT, "Redis is down");
  private static final StoreUnavailable SLOW =
      new StoreUnavailable(StoreUnavailable.How.SLOW, "Redis is slow");
  private static final StoreUnavailable FULL =
      new StoreUnavailable(StoreUnavailable.How.UNSENT, "too many calls wait");

  /** Of the two that wait for a call one only keeps the books. */
  private static final Completable<Response> NOBODY = (response, failure) -> {};

  private final Vertx vertx;
  private final StateConfig.Redis config;
  private final Elsewhere elsewhere;
  private final Wire.Patience patience;
  private final Timers timers;
  private final Refusals refusals;
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

  /**
   * Starts connecting.
   *
   * @param elsewhere other nodes, for those who come for what is theirs
   */
  NodeLink(Vertx vertx, StateConfig.Redis config, Ticker ticker, Elsewhere elsewhere) {
    this.vertx = vertx;
    this.config = config;
    this.elsewhere = elsewhere;
    this.patience = new Wire.Patience(config.deadline(), ticker);
    this.timers = Timers.of(vertx);
    this.refusals = new Refusals(ticker);
    dial();
  }

  /** Where a node of a cluster sends those who come for a key of another. */
  interface Elsewhere {
    /** The link to a node by its address, host and port, or null; it may be made meanwhile. */
    @Nullable NodeLink at(String address, boolean forGood);
  }

  @Override
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
  public boolean takesAnyKeys() {
    return config.mode() != StateConfig.Mode.CLUSTER;
  }

  @Override
  public void soon(Runnable task) {
    vertx.runOnContext(turn -> task.run());
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
    Promise<Response> answer = Promise.promise();
    Call call =
        new Call(
            current,
            current.start(outlasting ? NOBODY : answer),
            current.outlasting(outlasting ? answer : NOBODY),
            invocation,
            outlasting);
    send(call, current, Command.EVALSHA);
    return answer.future();
  }

  /** One that has its place on a wire. */
  private record Call(
      Wire on,
      PendingCall<Response> inTime,
      PendingCall<Response> ever,
      Invocation invocation,
      boolean outlasting) {
    /** Whether somebody still waits for the answer. */
    boolean awaited() {
      return !(outlasting ? ever : inTime).settled();
    }
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

  private void send(Call call, Wire via, Command command) {
    via.send(call.invocation.as(command))
        .onComplete(
            (response, failure) -> {
              if (failure == null) {
                if (!call.ever.settled()) {
                  call.on.settled(); // before anybody hears of it, who may look at once
                }
                via.answered(call.inTime);
                call.ever.answer(response);
                call.inTime.answer(response);
              } else if (command != Command.EVALSHA
                  || !call.awaited()
                  || !sendAgain(call, via, failure)) {
                refused(call, via, failure);
              }
            });
  }

  /** Once more, where it is only a matter of which words, or of which node. */
  private boolean sendAgain(Call call, Wire via, Throwable failure) {
    if (is(failure, "NOSCRIPT")) {
      // A Redis that started anew; EVAL runs the script and makes it known.
      send(call, via, Command.EVAL);
      return true;
    }
    boolean forGood = is(failure, "MOVED");
    String address = forGood || is(failure, "ASK") ? ((ErrorType) failure).slice(' ', 2) : null;
    NodeLink other = address == null ? null : elsewhere.at(address, forGood);
    Wire there = other == null ? null : other.wire;
    if (there == null || !there.up()) {
      return false;
    }
    if (!forGood) {
      there.send(Request.cmd(Command.ASKING));
    }
    send(call, there, Command.EVAL);
    return true;
  }

  private void refused(Call call, Wire via, Throwable failure) {
    boolean elsewhere = is(failure, "MOVED") || is(failure, "ASK") || is(failure, "CLUSTERDOWN");
    StoreUnavailable told =
        new StoreUnavailable(
            elsewhere ? StoreUnavailable.How.UNSENT : StoreUnavailable.How.FAILED, reason(failure));
    if (call.inTime.fail(told)) {
      errors.increment();
    }
    if (call.ever.fail(told)) {
      call.on.settled();
    }
    if (!(failure instanceof ErrorType) || is(failure, "CONNECTION_CLOSED")) {
      via.die(reason(failure));
    } else if (is(failure, "READONLY")) {
      via.die("connected to a replica");
    } else if (!elsewhere && !is(failure, "NOSCRIPT")) {
      tell(call.invocation.script().name(), reason(failure));
    }
  }

  private void tell(String script, String error) {
    long untold = refusals.untold(script, error);
    if (untold >= 0) {
      LOG.atWarn()
          .addKeyValue("script", script)
          .addKeyValue("error", error)
          .addKeyValue("untold", untold)
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
    connections.increment();
    connectedNanos = patience.ticker().nanos();
    Wire made = new Wire(vertx, client, connection, patience, timeouts::increment, this::lost);
    wire = made;
    tried.tryComplete();
    timers.after(HELD, () -> held(made));
  }

  private void held(Wire connected) {
    if (wire != connected) {
      return;
    }
    backoff.reset();
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

  /** Who has which slots, as this node of a cluster knows it. */
  Future<Response> slots() {
    Wire current = wire;
    if (current == null || !current.up()) {
      return Future.failedFuture(DOWN);
    }
    Promise<Response> slots = Promise.promise();
    PendingCall<Response> call = current.start(slots);
    current
        .send(Request.cmd(Command.CLUSTER).arg("SLOTS"))
        .onComplete(
            (answer, failure) -> {
              if (failure == null) {
                current.answered(call);
                call.answer(answer);
              } else {
                call.fail(new StoreUnavailable(reason(failure)));
              }
            });
    return slots.future();
  }

  String host() {
    return URI.create(config.endpoints().get(0)).getHost();
  }

  @Override
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

  @Override
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
