package app.avalo.gateway.filter.redis;

import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.util.List;

/** Runs scripts in Redis for one event loop. */
public interface ScriptRunner {
  /**
   * Runs a script. Completes on this event loop within the configured deadline: with the script's
   * answer, or failed with {@link StoreUnavailable} when Redis is away, slow, or its queue is full.
   * A failed call may still have run inside Redis, so scripts are idempotent or safe to lose.
   *
   * @param keys all with one hash tag, so that a cluster can run it
   */
  Future<Response> run(Script script, List<String> keys, List<String> arguments);

  /** Whether the last calls were answered; false means a call fails at once. */
  boolean isUp();
}
