package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What operators may see and do: look into a bucket and fill it up. On the event loop of the script
 * runner. Keys are written as in {@code u=alice}, {@code a=203.0.113.7}, {@code k=shop|r=chat}: see
 * the README of this module.
 */
public final class LimitAdmin {
  private final Limits limits;
  private final @Nullable SharedBuckets shared;

  /**
   * Operations on the limits of a process.
   *
   * @param redis of this loop, or null when the gateway runs alone
   * @param prefix of keys in Redis
   */
  public LimitAdmin(Limits limits, @Nullable ScriptRunner redis, String prefix) {
    this.limits = limits;
    this.shared = redis == null ? null : new SharedBuckets(redis, prefix);
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
   * The buckets of a key, one for each bandwidth of the policy; a bucket that nobody has used is
   * full. Fails with {@link IllegalArgumentException} for a malformed key and with {@link
   * app.avalo.gateway.filter.redis.StoreUnavailable} when Redis does not answer.
   */
  public Future<List<BucketView>> peek(LimitConfig policy, String key) {
    List<Future<BucketView>> views = new ArrayList<>();
    for (Map.Entry<String, Bandwidth> each : bandwidths(policy).entrySet()) {
      BucketKey bucket = BucketKey.parse(policy, each.getKey(), key);
      if (bucket == null) {
        return malformed(key);
      }
      BucketStore store = store(policy);
      views.add(
          store
              .peek(bucket, policy, each.getValue())
              .map(verdict -> view(each.getKey(), verdict, store != limits.local())));
    }
    return Future.all(views).map(all -> all.list());
  }

  private static BucketView view(String tier, LimitVerdict verdict, boolean shared) {
    return new BucketView(
        verdict.policy().name(),
        tier,
        verdict.remaining(),
        verdict.bandwidth().burst(),
        verdict.resetNanos(),
        shared);
  }

  /**
   * Fills the buckets of a key, in Redis and here. Another replica that has refused the key lately
   * goes on until the time it named then. Fails as {@link #peek}.
   */
  public Future<Void> reset(LimitConfig policy, String key) {
    List<Future<Void>> resets = new ArrayList<>();
    for (String tier : bandwidths(policy).keySet()) {
      BucketKey bucket = BucketKey.parse(policy, tier, key);
      if (bucket == null) {
        return malformed(key);
      }
      limits.forget(bucket);
      resets.add(limits.local().reset(bucket));
      if (store(policy) != limits.local()) {
        resets.add(store(policy).reset(bucket));
      }
    }
    return Future.all(resets).mapEmpty();
  }

  private BucketStore store(LimitConfig policy) {
    return shared == null || policy.scope() == LimitConfig.Scope.LOCAL ? limits.local() : shared;
  }

  private static Map<String, Bandwidth> bandwidths(LimitConfig policy) {
    Map<String, Bandwidth> all = new LinkedHashMap<>();
    if (policy.bandwidth() != null) {
      all.put("", policy.bandwidth());
    }
    all.putAll(policy.tiers());
    return all;
  }

  private static <T> Future<T> malformed(String key) {
    return Future.failedFuture(
        new IllegalArgumentException(key + " (expected parts as in u=alice|r=chat)"));
  }
}
