package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Calls of {@code bucket.lua} for buckets of one shape. */
record BucketCall(ScriptRunner redis, String prefix, Shape shape) {
  /**
   * What Redis said.
   *
   * @param tokens granted
   * @param missing units by band afterwards
   */
  record Grant(long tokens, long[] missing) {}

  String name(BucketKey key) {
    return key.inRedis(prefix + ":rl:");
  }

  /**
   * What to do with a bucket: take all tokens that are wanted or as many as there are, but none if
   * those are fewer than the least.
   *
   * @param wanted below zero: to give back
   * @param owed tokens that were let pass without asking
   * @param known units that are missing for sure, when the bucket's past may be lost, or null
   */
  record Wish(long wanted, long least, long owed, long @Nullable [] known) {
    static Wish only(long tokens) {
      return new Wish(tokens, Math.max(0, tokens), 0, null);
    }
  }

  /** However late the answer comes: what was granted has to be used or given back. */
  Future<Grant> take(String name, Wish wish) {
    return redis.send(Scripts.BUCKET, List.of(name), arguments("", "", wish)).map(this::grant);
  }

  /** As {@link #take}, but takes nothing, and does not wait. */
  Future<Grant> look(String name, long wanted) {
    return redis
        .run(Scripts.BUCKET, List.of(name), arguments("", "1", Wish.only(wanted)))
        .map(this::grant);
  }

  List<String> arguments(String micros, String looking, Wish wish) {
    List<String> arguments = new ArrayList<>(5 + Bands.EACH * shape.bands());
    arguments.add(micros);
    arguments.add(looking);
    arguments.add(Long.toString(wish.wanted()));
    arguments.add(Long.toString(wish.least()));
    arguments.add(Long.toString(wish.owed()));
    new Bands(shape).addTo(arguments, wish.known());
    return arguments;
  }

  Grant grant(Response answer) {
    return new Grant(answer.get(0).toLong(), new Bands(shape).missing(answer));
  }

  /** However late the answer comes: an operator waits rather than hear that what is done failed. */
  Future<Void> reset(String name) {
    return redis.send(Scripts.RESET, List.of(name), List.of()).mapEmpty();
  }
}
