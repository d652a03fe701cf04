package app.avalo.gateway.filter.redis;

import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs scripts in Redis for one event loop. */
public interface ScriptRunner {
  /**
   * Runs a script. Completes on this event loop within the configured deadline: with the script's
   * answer, or failed with {@link StoreUnavailable} when Redis is away, slow, or its queue is full.
   * A failed call may still have run inside Redis, so scripts are idempotent or safe to lose.
   *
   * @param keys all with one hash tag, unless it {@link #takesAnyKeys}
   */
  Future<Response> run(Script script, List<String> keys, List<String> arguments);

  /**
   * As {@link #run} beyond the deadline, for who can use an answer however late it comes: fails
   * when the connection ends, at the latest after two seconds.
   */
  Future<Response> send(Script script, List<String> keys, List<String> arguments);

  /** Why a call would fail at once, or null while the last ones were answered. */
  @Nullable StoreUnavailable refusal();

  /** Whether calls are tried at all. */
  default boolean isUp() {
    return refusal() == null;
  }

  /**
   * When the present connection was made, on the ticker's clock: what Redis said before may be
   * forgotten there. {@link Long#MIN_VALUE} before the first.
   */
  long connectedNanos();

  /** For callers who queue before they call: their wait is bounded as that of a call is. */
  <T> PendingCalls<T> waits();

  /** Whether one call may name keys without a common hash tag. */
  boolean takesAnyKeys();

  /** Runs something once the event loop is done with what has come up just now. */
  void soon(Runnable task);

  /** Timers of this event loop. */
  Timers timers();
}
