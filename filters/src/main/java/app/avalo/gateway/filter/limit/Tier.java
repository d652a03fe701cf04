package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.limit.Limits.Purpose;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.Here;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Shape;
import org.jspecify.annotations.Nullable;

/** What a policy allows the callers of one tier, and their buckets. */
final class Tier {
  /** Of the burst that the replicas may use together while the store is away. */
  private static final double PART_WITHOUT_STORE = 0.1;

  final Rule rule;
  final String name;
  final Allowance allowance;
  final Buckets buckets;
  private final Limits limits;
  private @Nullable Here share;
  private int shares;

  Tier(Rule rule, String name, Allowance allowance, Buckets buckets, Limits limits) {
    this.rule = rule;
    this.name = name;
    this.allowance = allowance;
    this.buckets = buckets;
    this.limits = limits;
  }

  /** The buckets that decide while the store is away: an equal share for each replica. */
  Here share() {
    Here known = share;
    int now = limits.replicas();
    if (known == null || shares != now) {
      Shape shape = Shape.share(allowance, now, PART_WITHOUT_STORE, rule.policy.cost());
      known = new Here(limits.many(rule.policy.name(), name, Purpose.SHARE, shape), shape);
      share = known;
      shares = now;
    }
    return known;
  }

  LimitVerdict verdict(Reading reading, By by) {
    return new LimitVerdict(
        rule.policy,
        allowance,
        allowance.bandwidths().get(reading.band()),
        reading.allowed(),
        reading.remaining(),
        reading.retryAfterNanos(),
        reading.resetNanos(),
        by);
  }
}
