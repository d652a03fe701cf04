package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The buckets that all replicas share: one script call each, exact, by the clock of Redis. */
final class SharedBuckets implements BucketStore {
  static final Script BUCKET = load("bucket.lua");
  static final Script RESET = Script.of("bucket-reset", "return redis.call('DEL', KEYS[1])");

  private final ScriptRunner redis;
  private final String prefix;

  SharedBuckets(ScriptRunner redis, String prefix) {
    this.redis = redis;
    this.prefix = prefix;
  }

  private static Script load(String name) {
    try (InputStream file = SharedBuckets.class.getResourceAsStream(name)) {
      if (file == null) {
        throw new IllegalStateException(name + " is missing from the jar");
      }
      return Script.of(name, new String(file.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @Override
  public Future<LimitVerdict> take(BucketKey key, LimitConfig policy, Bandwidth bandwidth) {
    return ask(key, policy, bandwidth, "");
  }

  @Override
  public Future<LimitVerdict> peek(BucketKey key, LimitConfig policy, Bandwidth bandwidth) {
    return ask(key, policy, bandwidth, "1");
  }

  private Future<LimitVerdict> ask(
      BucketKey key, LimitConfig policy, Bandwidth bandwidth, String looking) {
    BucketShape shape = BucketShape.of(bandwidth);
    return run(key, shape, policy.cost(), looking)
        .map(
            answer ->
                new LimitVerdict(
                    policy,
                    bandwidth,
                    answer.get(0).toLong() == 1,
                    answer.get(1).toLong() / shape.unitsPerToken(),
                    1000 * answer.get(2).toLong(),
                    1000 * answer.get(3).toLong(),
                    false));
  }

  @Override
  public void giveBack(BucketKey key, LimitConfig policy, Bandwidth bandwidth) {
    run(key, BucketShape.of(bandwidth), -policy.cost(), "");
  }

  private Future<Response> run(BucketKey key, BucketShape shape, long tokens, String looking) {
    return redis.run(
        BUCKET,
        List.of(key.inRedis(prefix)),
        List.of(
            Long.toString(shape.capacityUnits()),
            Long.toString(shape.unitsPerMicro()),
            Long.toString(tokens * shape.unitsPerToken()),
            looking,
            ""));
  }

  @Override
  public Future<Void> reset(BucketKey key) {
    return redis.run(RESET, List.of(key.inRedis(prefix)), List.of()).mapEmpty();
  }
}
