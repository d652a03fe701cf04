package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.LimitVerdict.Terms;
import app.avalo.gateway.filter.client.UntoldBody;
import app.avalo.gateway.filter.limit.Limits.Callers;
import app.avalo.gateway.filter.limit.Limits.Purpose;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.Here;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.override.LimitOverride;
import app.avalo.gateway.filter.limit.override.Overrides;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a policy allows the callers of one tier, and their buckets, as one priority sees them. */
final class Tier {
  /** Of the burst that the replicas may use together while the store is away. */
  private static final double PART_WITHOUT_STORE = 0.1;

  final Rule rule;
  final Callers callers;
  final String name; // of its callers' tier, or empty
  final Allowance allowance;
  final Buckets buckets;
  private final int leaves; // percent of every burst, to others
  private final Map<Priority, Tier> lower;
  private final long most;
  private final long flat; // what every request costs, or -1
  private final Terms usual; // of the first bandwidth, and most have no other, as the policy says
  private final Map<By, Terms[]> terms = new EnumMap<>(By.class); // by bandwidth, once used
  private @Nullable Here share;
  private int shares;
  private final Map<LimitOverride, Tier> others = new HashMap<>(); // those that were used

  /**
   * The buckets of one tier.
   *
   * @param leaves percent of every burst that requests leave to those of higher priority
   * @param lower what applies to requests that leave more
   */
  Tier(
      Rule rule,
      Callers callers,
      Allowance allowance,
      Buckets buckets,
      int leaves,
      Map<Priority, Tier> lower) {
    this.rule = rule;
    this.callers = callers;
    this.name = callers.tier();
    this.allowance = allowance;
    this.buckets = buckets;
    this.leaves = leaves;
    this.lower = lower;
    Cost cost = rule.policy.cost();
    this.most = Shape.of(allowance).leaving(leaves, cost.most()).most();
    this.flat = cost.flat() ? Math.min(most, cost.base()) : -1;
    this.usual = terms(rule.by, 0);
    if (buckets.shared()) {
      share(); // now, so that the first outage has nothing to make while requests wait
    }
  }

  /** What applies to requests of a priority. */
  Tier of(Priority priority) {
    Tier other = lower.isEmpty() ? null : lower.get(priority);
    return other == null ? this : other;
  }

  /** What applies to a caller of it who has other rates, or null when nobody has asked yet. */
  @Nullable Tier of(LimitOverride over) {
    return others.get(over);
  }

  /** Keeps the answer; those of overrides that are over go when there are too many. */
  Tier keep(LimitOverride over, Tier made) {
    if (others.size() >= Overrides.MOST) {
      others.values().forEach(Tier::close);
      others.clear();
    }
    others.put(over, made);
    return made;
  }

  /** For all priorities, and for those who have other rates. */
  void filled(BucketKey key) {
    buckets.filled(key);
    lower.values().forEach(each -> each.filled(key));
    others.values().forEach(each -> each.filled(key));
  }

  /** Brings back what is held for requests to come. */
  Future<Void> close() {
    List<Future<?>> closed = new ArrayList<>();
    lower.values().forEach(each -> closed.add(each.close()));
    others.values().forEach(each -> closed.add(each.close()));
    closed.add(buckets.close());
    return Future.join(closed).mapEmpty();
  }

  /** The buckets that decide while the store is away: an equal share for each replica. */
  Here share() {
    Here known = share;
    int now = rule.limits.replicas();
    if (known == null || shares != now) {
      long cost = rule.policy.cost().most();
      Shape shape = Shape.share(allowance, now, PART_WITHOUT_STORE, cost).leaving(leaves, cost);
      known = new Here(rule.limits.many(rule.policy.name(), callers, Purpose.SHARE, shape), shape);
      share = known;
      shares = now;
    }
    return known;
  }

  /** Tokens that a request costs; never more than a full bucket holds, so that it can be paid. */
  long tokens(Exchange exchange) {
    if (flat >= 0) {
      return flat;
    }
    return tokens(exchange, rule.policy.cost());
  }

  /** Likewise, at a price. */
  long tokens(Exchange exchange, Cost price) {
    return tokens(exchange, price, price.perMebibyte() == 0 ? 0 : announced(exchange));
  }

  private long tokens(Exchange exchange, Cost price, long bytes) {
    return Math.min(most, price.of(exchange.method(), bytes));
  }

  /** What a request turns out to cost by what has come of a body that was not announced. */
  long whole(Exchange exchange, Cost price) {
    return price.perMebibyte() == 0 || !isUntold(exchange)
        ? tokens(exchange, price)
        : tokens(exchange, price, exchange.bytesIn());
  }

  /** Whether there is, or may be, a body that says nothing of its length before it ends. */
  private static boolean isUntold(Exchange exchange) {
    return exchange.header("content-length") == null
        && (exchange.header("transfer-encoding") != null || isHttp2(exchange));
  }

  private static boolean isHttp2(Exchange exchange) {
    HttpServerRequest request = exchange.request();
    return request != null && request.version() == HttpVersion.HTTP_2;
  }

  /** Bytes of the body; below zero when they are not announced. */
  private static long announced(Exchange exchange) {
    String length = exchange.header("content-length");
    if (length == null) {
      return isUntold(exchange) && !isUsuallyEmpty(exchange) ? -1 : 0;
    }
    long bytes = 0;
    for (int i = 0; i < length.length() && i < 15; i++) {
      bytes = bytes * 10 + Character.digit(length.charAt(i), 10);
    }
    return bytes;
  }

  private static boolean isUsuallyEmpty(Exchange exchange) {
    return exchange.header("transfer-encoding") == null
        && UntoldBody.isUsuallyEmpty(exchange.method());
  }

  /** Of a caller that is shut out. */
  LimitVerdict shutOut(long nanos) {
    return new LimitVerdict(terms(By.TIME_OUT, 0), false, 0, nanos, nanos, LimitVerdict.UNTOLD);
  }

  /** What the bucket of a key has said; a refusal may be the one that shuts its caller out. */
  LimitVerdict decided(BucketKey key, Reading reading) {
    long shut = reading.allowed() ? 0 : rule.offended(key, reading.retryAfterNanos());
    return shut > 0 ? shutOut(shut) : verdict(reading, rule.by);
  }

  LimitVerdict verdict(Reading reading, By by) {
    return new LimitVerdict(
        by == rule.by && reading.band() == 0 ? usual : terms(by, reading.band()),
        reading.allowed(),
        reading.remaining(),
        reading.retryAfterNanos(),
        reading.resetNanos(),
        LimitVerdict.UNTOLD);
  }

  /** Always the same ones: what is said of them is known by who they are. */
  Terms terms(By by, int bandwidth) {
    Terms[] each = terms.computeIfAbsent(by, any -> new Terms[allowance.bandwidths().size()]);
    if (each[bandwidth] == null) {
      each[bandwidth] =
          new Terms(rule.policy, allowance, allowance.bandwidths().get(bandwidth), by);
    }
    return each[bandwidth];
  }
}
