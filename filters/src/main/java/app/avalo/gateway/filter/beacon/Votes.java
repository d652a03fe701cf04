package app.avalo.gateway.filter.beacon;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Votes of clients at all replicas, so that one is not heard by each of them: a key in Redis for
 * each voter, as long as its vote counts. What is asked here has passed the replica's own memory,
 * which bounds it. Without Redis, and while it is away, each replica counts for itself. One event
 * loop.
 */
public final class Votes {
  /** Answers 1 for the first, else 0. ARGV: seconds. */
  private static final Script VOTE =
      Script.of(
          "beacon-vote", "return redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) and 1 or 0");

  private final @Nullable ScriptRunner redis;
  private final String prefix;

  /**
   * Votes.
   *
   * @param redis of this event loop, or null without one
   * @param prefix of keys in Redis
   */
  public Votes(@Nullable ScriptRunner redis, String prefix) {
    this.redis = redis;
    this.prefix = prefix;
  }

  /** Whether no other replica has heard this voter so lately; never fails. */
  Future<Boolean> isFirst(long voter, int seconds) {
    if (redis == null || !redis.isUp()) {
      return Future.succeededFuture(true);
    }
    String key = prefix + ":vote:{" + HexFormat.of().toHexDigits(voter) + "}";
    return redis
        .run(VOTE, List.of(key), List.of(Integer.toString(seconds)))
        .map(answer -> answer.toInteger() == 1)
        .otherwise(true);
  }
}
