package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.Band;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Calls of {@code bucket.lua} for buckets of one shape. */
final class BucketCall {
  private final ScriptRunner redis;
  private final String prefix;
  private final Shape shape;
  private final List<String> words; // of the shape

  BucketCall(ScriptRunner redis, String prefix, Shape shape) {
    this.redis = redis;
    this.prefix = prefix;
    this.shape = shape;
    this.words = words(shape);
  }

  private static List<String> words(Shape shape) {
    List<String> words = new ArrayList<>();
    words.add(Integer.toString(shape.bands()));
    for (int i = 0; i < shape.bands(); i++) {
      Band band = shape.band(i);
      words.add(Long.toString(band.unitsPerToken()));
      words.add(Long.toString(band.unitsPerMicro()));
      words.add(Long.toString(band.capacityUnits()));
      words.add(Long.toString(shape.leftUnits(i)));
      words.add(Long.toString(band.periodMicros()));
    }
    return List.copyOf(words);
  }

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
  Future<List<Grant>> take(List<String> names, List<Wish> wishes) {
    return redis.send(Scripts.BUCKET, names, arguments("", "", wishes)).map(this::grants);
  }

  /** As {@link #take}, but takes nothing, and does not wait. */
  Future<Grant> look(String name, long wanted) {
    return redis
        .run(Scripts.BUCKET, List.of(name), arguments("", "1", List.of(Wish.only(wanted))))
        .map(answer -> grants(answer).get(0));
  }

  List<String> arguments(String micros, String looking, List<Wish> wishes) {
    int bands = shape.bands();
    List<String> arguments = new ArrayList<>(3 + 5 * bands + (3 + bands) * wishes.size());
    arguments.add(micros);
    arguments.add(looking);
    arguments.addAll(words);
    for (int i = 0; i < wishes.size(); i++) {
      Wish wish = wishes.get(i);
      arguments.add(Long.toString(wish.wanted()));
      arguments.add(Long.toString(wish.least()));
      arguments.add(Long.toString(wish.owed()));
      for (int band = 0; band < bands; band++) {
        arguments.add(wish.known() == null ? "" : Long.toString(wish.known()[band]));
      }
    }
    return arguments;
  }

  /** One for each wish. */
  List<Grant> grants(Response answer) {
    int each = 1 + shape.bands();
    List<Grant> grants = new ArrayList<>(answer.size() / each);
    for (int at = 0; at < answer.size(); at += each) {
      long[] missing = new long[shape.bands()];
      for (int band = 0; band < missing.length; band++) {
        missing[band] = shape.band(band).capacityUnits() - answer.get(at + 1 + band).toLong();
      }
      grants.add(new Grant(answer.get(at).toLong(), missing));
    }
    return grants;
  }

  /** However late the answer comes: an operator waits rather than hear that what is done failed. */
  Future<Void> reset(String name) {
    return redis.send(Scripts.RESET, List.of(name), List.of()).mapEmpty();
  }
}
