package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.filter.Exchange;
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
  private final long most;
  private @Nullable Here share;
  private int shares;

  Tier(Rule rule, String name, Allowance allowance, Buckets buckets, Limits limits) {
    this.rule = rule;
    this.name = name;
    this.allowance = allowance;
    this.buckets = buckets;
    this.limits = limits;
    this.most = Shape.of(allowance).most();
  }

  /** The buckets that decide while the store is away: an equal share for each replica. */
  Here share() {
    Here known = share;
    int now = limits.replicas();
    if (known == null || shares != now) {
      Shape shape = Shape.share(allowance, now, PART_WITHOUT_STORE, rule.policy.cost().most());
      known = new Here(limits.many(rule.policy.name(), name, Purpose.SHARE, shape), shape);
      share = known;
      shares = now;
    }
    return known;
  }

  /** Tokens that a request costs; never more than a full bucket holds, so that it can be paid. */
  long tokens(Exchange exchange) {
    Cost cost = rule.policy.cost();
    long body = cost.perMebibyte() == 0 ? 0 : announced(exchange);
    return Math.min(most, cost.of(exchange.method(), body));
  }

  /** Bytes of the body; below zero when they are not announced. */
  private static long announced(Exchange exchange) {
    String length = exchange.header("content-length");
    if (length == null) {
      return exchange.header("transfer-encoding") == null && exchange.grpc() == null ? 0 : -1;
    }
    long bytes = 0;
    for (int i = 0; i < length.length() && i < 15; i++) {
      bytes = bytes * 10 + Character.digit(length.charAt(i), 10);
    }
    return bytes;
  }

  /** Of a caller that is shut out. */
  LimitVerdict shutOut(long nanos) {
    return new LimitVerdict(
        rule.policy, allowance, allowance.bandwidths().get(0), false, 0, nanos, nanos, By.TIME_OUT);
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
