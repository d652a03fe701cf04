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
  private final Limits limits;
  private final Rules rules;
  private final @Nullable Resets resets;

  /**
   * Operations on the limits of a process.
   *
   * @param redis of this loop, or null when the gateway runs alone
   * @param prefix of keys in Redis
   * @param resets tells other gateways, or null when it runs alone
   */
  public LimitAdmin(
      Limits limits, @Nullable ScriptRunner redis, String prefix, @Nullable Resets resets) {
    this.limits = limits;
    this.resets = resets;
    this.rules = new Rules(limits, redis, prefix);
  }

  /**
   * One bucket now.
   *
   * @param tier whose bandwidth applies; empty for callers without one of their own
   * @param remaining whole tokens
   * @param capacity tokens when full
   * @param resetNanos until it is full
   * @param shutNanos how long its caller stays shut out here, after going on in spite of refusals
   * @param shared whether it is the one in Redis
   */
  public record BucketView(
      String policy,
      String tier,
      long remaining,
      long capacity,
      long resetNanos,
      long shutNanos,
      boolean shared) {}

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
                    tier.rule.shutNanos(key),
                    tier.buckets.shared()));
  }

  /**
   * Fills the buckets of a key, in Redis and here; other gateways hear of it within two seconds.
   * Fails as {@link #peek}.
   *
   * @return whether others do hear of it; if not, they hold on to what they know of these buckets
   */
  public Future<Boolean> reset(LimitConfig policy, String key) {
    return each(policy, key, (tier, bucket) -> tier.buckets.reset(bucket))
        .compose(
            done -> {
              filled(policy, key);
              return resets == null
                  ? Future.succeededFuture(true)
                  : resets.tell(policy.name(), key).map(told -> true).otherwise(false);
            });
  }

  /** The buckets of a key were filled up, by whomever: nobody here is held to what they were. */
  public void filled(LimitConfig policy, String key) {
    Rule rule = rules.of(policy);
    List<Tier> tiers = new ArrayList<>(rule.byName().values());
    tiers.addAll(rule.of(key)); // those of a caller with other rates
    for (Tier tier : tiers) {
      BucketKey bucket = BucketKey.parse(policy, tier.callers.tier(), key);
      if (bucket != null) {
        rule.forgive(bucket);
        tier.share().reset(bucket);
        tier.buckets.filled(bucket);
      }
    }
    limits.filled(policy.name(), key);
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
