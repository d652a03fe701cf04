package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.ServiceConfig.Balance;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.upstream.EndpointLoad;
import org.jspecify.annotations.Nullable;

/** A service in a region, as one event loop sees it. */
public final class Destination {
  /** Difference of two loads, as shares of the capacity, that is not chance. */
  private static final double CLEARLY = 0.1;

  /** Requests in flight that say nothing yet. */
  private static final int FEW = 10;

  /** Somebody bound to a region that is suspected waits no longer than a verdict takes. */
  private static final long VERDICT_NANOS = 4_000_000_000L;

  /** Likewise to one that is out: no longer than it takes to move everybody away from it. */
  private static final long MOVE_NANOS = 1_500_000_000L;

  private final Region region;
  private final Member[] members;
  private final Health health;
  private final Balance balance;
  private final Balancer balancer;
  private final @Nullable Spill spill; // null when it is large enough
  private final long seed;
  private Standing met = Standing.IN_SERVICE; // by those bound to it, lately
  private long metSinceNanos;
  private long metNanos; // the last time

  Destination(
      Region region, Member[] members, Health health, Balance balance, @Nullable Spill spill) {
    this.region = region;
    this.members = members;
    this.health = health;
    this.balance = balance;
    this.balancer = new Balancer(members, balance);
    this.spill = spill;
    this.seed = Affinity.hash(region.name());
  }

  public Region region() {
    return region;
  }

  Member[] members() {
    return members;
  }

  /** {@link Standing#joined} of the region and its endpoints for this service. */
  Standing standing() {
    Standing own = health.standing(region);
    if (own == Standing.OUT) {
      return own;
    }
    Standing best = Standing.OUT;
    for (Member member : members) {
      Standing standing = member.health().standing();
      if (standing.compareTo(best) < 0) {
        best = standing;
      }
    }
    return Standing.joined(own, best);
  }

  /**
   * Whether it may be tried when nothing better is left anywhere: its endpoints are out, but its
   * region is not, so nobody has decided that nothing may go there.
   */
  boolean isLastResort() {
    return health.standing(region) != Standing.OUT;
  }

  /**
   * Whether it is worth waiting for what becomes of it, asked by somebody who is bound to it and
   * finds it in doubt or out: users that have not been moved for so long will not be moved soon.
   */
  boolean isUndecided(Standing now, long nowNanos) {
    if (now != met || nowNanos - metNanos > VERDICT_NANOS) {
      met = now;
      metSinceNanos = nowNanos;
    }
    metNanos = nowNanos;
    return nowNanos - metSinceNanos < (now == Standing.OUT ? MOVE_NANOS : VERDICT_NANOS);
  }

  /**
   * Whether it takes this exchange while there are others: not while the region comes and goes with
   * only a share of its callers, or is nearly full, and the caller is not among those it keeps.
   *
   * @param lossMillis by which the caller's next region is worse; NaN for unknown
   */
  boolean welcomes(Exchange exchange, double lossMillis) {
    if (exchange.explaining()) {
      return reserve(exchange, lossMillis) == null;
    }
    long caller = Affinity.ofCaller(exchange);
    return health.admits(region, (int) caller)
        && (spill == null || spill.keeps(inFlight(), lossMillis, caller, exchange.startNanos()));
  }

  /** Why it does not {@linkplain #welcomes welcome} this exchange, in words; null if it does. */
  @Nullable String reserve(Exchange exchange, double lossMillis) {
    long caller = Affinity.ofCaller(exchange);
    if (!health.admits(region, (int) caller)) {
      return "takes " + health.share(region) * 100 / 1024 + " % of callers and not this one";
    }
    return spill == null || spill.stays(lossMillis, caller)
        ? null
        : "is nearly full (" + Math.round(spill.load() * 100) + " % of its capacity)";
  }

  /** An exchange goes there; who is bound to the region by a pin is none of those it may lose. */
  void taken(Exchange exchange) {
    if (exchange.pin() == null) {
      health.taken(region, caller(exchange));
    }
  }

  /** The number by which health knows the caller. */
  public static int caller(Exchange exchange) {
    return (int) Affinity.ofCaller(exchange);
  }

  private int inFlight() {
    int inFlight = 0;
    for (Member member : members) {
      inFlight += member.pool().inFlight();
    }
    return inFlight;
  }

  /** How well it suits a caller, among regions as good as each other; always the same. */
  double suits(Exchange exchange) {
    return Affinity.score(Affinity.ofCaller(exchange) ^ seed, 1);
  }

  /** Whether it has so much more to do that its callers are better off there. */
  boolean isClearlyBusierThan(Destination other) {
    return spill != null && other.spill != null
        ? spill.load() > other.spill.load() + CLEARLY
        : inFlight() > 2 * other.inFlight() + FEW;
  }

  /** Cuts this loop's connections to one endpoint, if it has it. */
  void cut(EndpointHealth lost) {
    for (Member member : members) {
      if (member.health() == lost) {
        member.pool().closeAll();
      }
    }
  }

  /**
   * An endpoint for one attempt of an exchange.
   *
   * @param avoided the endpoint that just failed, or null; used only if there is no other
   * @param random uniformly distributed bits
   */
  public Member pick(@Nullable Member avoided, Exchange exchange, int random, long nowNanos) {
    if (members.length == 1) {
      return members[0];
    }
    Long key = Affinity.of(exchange, balance);
    return key == null ? balancer.byLoad(avoided, random, nowNanos) : balancer.byKey(avoided, key);
  }

  /** An answer of this member began. */
  public void answered(Member member, long tookNanos, long nowNanos) {
    EndpointLoad load = member.pool().load();
    load.answered();
    if (members.length > 1) {
      load.took(tookNanos, nowNanos);
    }
  }

  /** Cuts every connection of this loop to it. */
  void cut() {
    for (Member member : members) {
      member.pool().closeAll();
    }
  }

  @Override
  public String toString() {
    return region.name();
  }
}
