package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What operators may see and do: look into a bucket and fill it up. On the event loop of the script
 * runner. Keys are written as in {@code u=alice}, {@code a=203.0.113.7}, {@code k=shop|r=chat}: see
 * the README of this module.
 */
public final class LimitAdmin {
  private final Rules rules;

  /**
   * Operations on the limits of a process.
   *
   * @param redis of this loop, or null when the gateway runs alone
   * @param prefix of keys in Redis
   */
  public LimitAdmin(Limits limits, @Nullable ScriptRunner redis, String prefix) {
    this.rules = new Rules(limits, redis, prefix);
  }

  /**
   * One bucket now.
   *
   * @param tier whose bandwidth applies; empty for callers without one of their own
   * @param remaining whole tokens
   * @param capacity tokens when full
   * @param resetNanos until it is full
   * @param shared whether it is the one in Redis
   */
  public record BucketView(
      String policy, String tier, long remaining, long capacity, long resetNanos, boolean shared) {}

  /**
   * The buckets of a key, one for each tier of the policy; a bucket that nobody has used is full.
   * Fails with {@link IllegalArgumentException} for a malformed key and with {@link
   * app.avalo.gateway.filter.redis.StoreUnavailable} when Redis does not answer.
   */
  public Future<List<BucketView>> peek(LimitConfig policy, String key) {
    return each(policy, key, LimitAdmin::view);
  }

  private static Future<BucketView> view(Tier tier, BucketKey key) {
    return tier.buckets
        .peek(key, tier.rule.policy.cost().base())
        .map(reading -> tier.verdict(reading, tier.rule.by))
        .map(
            verdict ->
                new BucketView(
                    verdict.policy().name(),
                    tier.callers.tier(),
                    verdict.remaining(),
                    verdict.bandwidth().burst(),
                    verdict.resetNanos(),
                    tier.buckets.shared()));
  }

  /**
   * Fills the buckets of a key, in Redis and here. Another replica that has refused the key lately
   * goes on until the time it named then. Fails as {@link #peek}.
   */
  public Future<Void> reset(LimitConfig policy, String key) {
    return each(
            policy,
            key,
            (tier, bucket) -> {
              tier.rule.forgive(bucket);
              tier.share().reset(bucket);
              return tier.buckets.reset(bucket);
            })
        .mapEmpty();
  }

  private <T> Future<List<T>> each(
      LimitConfig policy, String key, BiFunction<Tier, BucketKey, Future<T>> operation) {
    List<Future<T>> all = new ArrayList<>();
    for (Tier tier : rules.of(policy).of(key)) {
      BucketKey bucket = BucketKey.parse(policy, tier.callers.tier(), key);
      if (bucket == null) {
        return Future.failedFuture(
            new IllegalArgumentException(key + " (expected parts as in u=alice|r=chat)"));
      }
      all.add(operation.apply(tier, bucket));
    }
    return Future.all(all).map(done -> done.list());
  }
}
