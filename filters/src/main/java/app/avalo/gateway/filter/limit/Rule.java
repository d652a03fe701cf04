package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.LimitConfig.Mode;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.limit.Limits.Callers;
import app.avalo.gateway.filter.limit.Limits.Purpose;
import app.avalo.gateway.filter.limit.Limits.Tally;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Here;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.override.LimitOverride;
import app.avalo.gateway.filter.limit.override.Overrides;
import app.avalo.gateway.filter.limit.shared.ExactBuckets;
import app.avalo.gateway.filter.limit.shared.LeasedBuckets;
import app.avalo.gateway.filter.limit.shared.LoopLink;
import io.vertx.core.Future;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A policy as one event loop applies it. */
final class Rule {
  /** What the configuration bounds; a tier is whatever a token says. */
  private static final Set<KeyPart> FEW =
      Set.of(KeyPart.ROUTE, KeyPart.SERVICE, KeyPart.METHOD, KeyPart.COUNTRY);

  private static final int FULL = 100;

  final LimitConfig policy;
  final By by;
  final Limits limits;
  final BucketKey probe = new BucketKey(); // used within one call, hence kept
  final Tally tally;
  private final Overrides overrides;
  final boolean unsettled; // whether an answer, or a body that comes, changes what it decided on
  private final @Nullable LoopLink redis;
  private final @Nullable Pace pace; // null when its rates never change
  private final @Nullable Offenders offenders; // null when nobody is shut out
  private final boolean tiered;
  private final boolean reserving;
  private int percent = FULL;
  private @Nullable Tier all;
  private Map<String, Tier> tiers = Map.of();

  /**
   * Makes the buckets of a policy reachable.
   *
   * @param redis of this loop, or null to keep all buckets in the process
   * @param tally of its decisions on this loop
   */
  Rule(LimitConfig policy, Limits limits, @Nullable LoopLink redis, Tally tally) {
    this.policy = policy;
    this.limits = limits;
    this.overrides = limits.overrides();
    this.tally = tally;
    this.redis = redis;
    this.by =
        redis == null || policy.mode() == Mode.LOCAL
            ? By.LOCAL
            : policy.mode() == Mode.EXACT ? By.EXACT : By.LEASED;
    this.unsettled =
        policy.follow() != null
            || policy.cost().header() != null
            || policy.cost().perMebibyte() > 0;
    this.pace = policy.steady() ? null : limits.pace(policy.name());
    this.offenders = policy.timeOut() == null ? null : limits.offenders(policy.name());
    this.tiered = !policy.tiers().isEmpty();
    this.reserving = !policy.reserve().isEmpty();
    make();
  }

  /** Makes the tiers as they are now; buckets stay as full as they were. */
  private void make() {
    Allowance own = policy.allowance();
    all = own == null ? null : tier(Callers.of(""), own);
    Map<String, Tier> named = new LinkedHashMap<>();
    policy.tiers().forEach((name, each) -> named.put(name, tier(Callers.of(name), each)));
    tiers = named;
  }

  private void keepPace() {
    if (pace == null) {
      return;
    }
    int now = pace.percent(policy);
    if (now != percent) {
      percent = now;
      Map<String, Tier> before = byName();
      make();
      before.values().forEach(Tier::close);
    }
  }

  private Tier tier(Callers callers, Allowance whole) {
    Allowance allowance = percent == FULL ? whole : whole.scaled(percent, policy.cost().most());
    return tier(callers, allowance, leaves -> buckets(callers, allowance, leaves));
  }

  /**
   * For all priorities.
   *
   * @param buckets as they are for requests that leave so many percent to others
   */
  private Tier tier(Callers callers, Allowance allowance, IntFunction<Buckets> buckets) {
    Map<Priority, Tier> lower = new EnumMap<>(Priority.class);
    policy
        .reserve()
        .forEach(
            (priority, leaves) ->
                lower.put(
                    priority,
                    new Tier(this, callers, allowance, buckets.apply(leaves), leaves, Map.of())));
    return new Tier(this, callers, allowance, buckets.apply(0), 0, lower);
  }

  private Shape shape(Allowance allowance, int leaves) {
    return Shape.of(allowance).leaving(leaves, policy.cost().most());
  }

  private Buckets buckets(Callers callers, Allowance allowance, int leaves) {
    if (redis == null || by == By.LOCAL) {
      return here(callers, shape(allowance, leaves));
    }
    return by == By.EXACT
        ? exact(redis, callers, shape(allowance, leaves))
        : leased(redis, callers, allowance, leaves);
  }

  private Buckets exact(LoopLink link, Callers callers, Shape shape) {
    CompactBuckets notes = many(callers, Purpose.NOTES, shape);
    return new ExactBuckets(link, shape, notes, repaid(callers));
  }

  /** What Redis had and has charged is no longer on the account of the share that let it pass. */
  private Buckets.Repaid repaid(Callers callers) {
    return (key, tokens) -> limits.repaid(policy.name(), callers, key, tokens);
  }

  private CompactBuckets many(Callers callers, Purpose purpose, Shape shape) {
    return limits.many(policy.name(), callers, purpose, shape);
  }

  private Buckets leased(LoopLink link, Callers callers, Allowance allowance, int leaves) {
    long most = LeasedBuckets.most(allowance);
    Shape shape = shape(allowance.without(most), leaves);
    CompactBuckets notes = many(callers, Purpose.NOTES, shape);
    return new LeasedBuckets(link, shape, most, notes, repaid(callers));
  }

  private Here here(Callers callers, Shape shape) {
    return new Here(
        FEW.containsAll(policy.key())
            ? limits.few(policy.name(), callers)
            : many(callers, Purpose.BUCKETS, shape),
        shape);
  }

  /** How long a key stays shut out; 0 when it is not. */
  long shutNanos(BucketKey key) {
    return offenders == null ? 0 : offenders.shutNanos(key);
  }

  /**
   * A bucket of it has refused.
   *
   * @param waitNanos until it would let pass
   * @return how long the key is shut out for coming too early again; 0 when it is not
   */
  long offended(BucketKey key, long waitNanos) {
    return offenders == null || policy.timeOut() == null
        ? 0
        : offenders.refused(key, waitNanos, policy.timeOut());
  }

  void forgive(BucketKey key) {
    if (offenders != null) {
      offenders.forgive(key);
    }
  }

  /** A request that it let through has been answered, or has failed. */
  void answered(long nanos, boolean failed) {
    if (pace != null && policy.follow() != null) {
      pace.answered(policy.follow(), nanos, failed);
    }
  }

  /** What applies to a request, or null when the policy does not limit its caller. */
  @Nullable Tier tier(Exchange exchange) {
    keepPace();
    Caller caller = exchange.caller();
    Tier own = tiered ? tiers.get(caller.tier()) : null;
    Tier usual = own != null ? own : all;
    if (usual == null) {
      return null;
    }
    LimitOverride over = overrides.of(policy, caller);
    Tier mine = over == null ? usual : overridden(over, usual);
    return reserving ? mine.of(priority(exchange)) : mine;
  }

  /** Of the route, else of the service that it leads to. */
  static Priority priority(Exchange exchange) {
    Priority own = exchange.route().config().priority();
    Target target = exchange.target();
    if (own != null) {
      return own;
    }
    return target == null ? Priority.NORMAL : target.service().config().priority();
  }

  /** The same bucket in Redis; here one of its own, as a table has one shape. */
  private Tier overridden(LimitOverride over, Tier usual) {
    Tier known = usual.of(over);
    return known != null ? known : usual.keep(over, overriding(over, usual.callers.tier()));
  }

  private Tier overriding(LimitOverride over, String tier) {
    Allowance payable = over.allowance().scaled(FULL, policy.cost().most());
    return tier(new Callers(tier, over.subject()), payable);
  }

  /** What applies to the callers of a key that an operator writes. */
  List<Tier> of(String key) {
    keepPace();
    List<String> parts = List.of(key.split("\\|", -1));
    for (LimitOverride over : overrides.of(policy)) {
      if (parts.contains(over.subject())) {
        return byName().values().stream().map(usual -> overridden(over, usual)).toList();
      }
    }
    return List.copyOf(byName().values());
  }

  /** Debts and leases are what a loop knows by itself; all else was told for the whole process. */
  void filled(String key) {
    for (Tier tier : by == By.LOCAL ? List.<Tier>of() : byName().values()) {
      BucketKey bucket = BucketKey.parse(policy, tier.callers.tier(), key);
      if (bucket != null) {
        tier.filled(bucket);
      }
    }
  }

  /** Brings back what is held for requests to come. */
  Future<Void> close() {
    return Future.join(byName().values().stream().map(Tier::close).toList()).mapEmpty();
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
