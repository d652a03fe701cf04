package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.LimitConfig.Mode;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.limit.Limits.Purpose;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.Here;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.shared.ExactBuckets;
import app.avalo.gateway.filter.limit.shared.LeasedBuckets;
import app.avalo.gateway.filter.redis.ScriptRunner;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A policy as one event loop applies it. */
final class Rule {
  private static final Set<KeyPart> FEW =
      Set.of(KeyPart.TIER, KeyPart.ROUTE, KeyPart.SERVICE, KeyPart.METHOD, KeyPart.COUNTRY);

  final LimitConfig policy;
  final By by;
  private final @Nullable Tier all;
  private final Map<String, Tier> tiers = new LinkedHashMap<>();

  /**
   * Makes the buckets of a policy reachable.
   *
   * @param redis of this loop, or null to keep all buckets in the process
   */
  Rule(LimitConfig policy, Limits limits, @Nullable ScriptRunner redis, String prefix) {
    this.policy = policy;
    this.by =
        redis == null || policy.mode() == Mode.LOCAL
            ? By.LOCAL
            : policy.mode() == Mode.EXACT ? By.EXACT : By.LEASED;
    Allowance own = policy.allowance();
    this.all = own == null ? null : tier("", own, limits, redis, prefix);
    policy
        .tiers()
        .forEach((name, each) -> tiers.put(name, tier(name, each, limits, redis, prefix)));
  }

  private Tier tier(
      String name,
      Allowance allowance,
      Limits limits,
      @Nullable ScriptRunner redis,
      String prefix) {
    Shape shape = Shape.of(allowance);
    if (redis == null || by == By.LOCAL) {
      return new Tier(this, name, allowance, here(name, shape, limits), limits);
    }
    Buckets buckets =
        by == By.EXACT
            ? new ExactBuckets(
                redis, prefix, shape, limits.many(policy.name(), name, Purpose.NOTES, shape))
            : new LeasedBuckets(redis, prefix, allowance, limits.ticker());
    return new Tier(this, name, allowance, buckets, limits);
  }

  private Here here(String tier, Shape shape, Limits limits) {
    return new Here(
        FEW.containsAll(policy.key())
            ? limits.few(policy.name(), tier)
            : limits.many(policy.name(), tier, Purpose.BUCKETS, shape),
        shape);
  }

  /** What applies to a caller, or null when the policy does not limit them. */
  @Nullable Tier tier(Caller caller) {
    Tier own = tiers.get(caller.tier());
    return own != null ? own : all;
  }

  /** All tiers; the one without a name is for callers without one of their own. */
  Map<String, Tier> byName() {
    Map<String, Tier> named = new LinkedHashMap<>();
    if (all != null) {
      named.put("", all);
    }
    named.putAll(tiers);
    return named;
  }
}
