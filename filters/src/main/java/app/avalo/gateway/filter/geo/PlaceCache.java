package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.latency.Ranking;
import app.avalo.gateway.filter.latency.Vantage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers of one advisor for the callers seen last, so that a client costs one look-up and not one
 * per request. Direct-mapped: bounded, no links, and a flood of addresses can only make it useless.
 * What was learned meanwhile is asked for once a second, and the region that a caller has is kept
 * while it is about as good. One event loop.
 */
final class PlaceCache {
  /** A power of two. A full one holds about 800 KiB. */
  private static final int SLOTS = 2048;

  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final RoutingAdvisor advisor;
  private final Databases databases;
  private final Ranking ranking;
  private final @Nullable Caller[] callers = new @Nullable Caller[SLOTS];

  PlaceCache(RoutingAdvisor advisor, Databases databases, Ranking ranking) {
    this.advisor = advisor;
    this.databases = databases;
    this.ranking = ranking;
  }

  /**
   * What places were read from.
   *
   * @param places or null
   * @param networks or null
   */
  record Databases(@Nullable GeoDatabase places, @Nullable NetworkDatabase networks) {
    boolean areThoseOf(GeoLocator locator) {
      return places == locator.database() && networks == locator.networks();
    }
  }

  /** A place with the region orders worked out for it so far. */
  final class Caller {
    private final IpAddress address;
    private final int country; // of the header, -1 for none
    private final Place place;
    private final Vantage vantage;
    private final Decision[] decisions = new Decision[advisor.plan().services().size()];

    private Caller(IpAddress address, int country, Place place) {
      this.address = address;
      this.country = country;
      this.place = place;
      this.vantage = advisor.forwarding(address, place);
    }

    Place place() {
      return place;
    }

    Vantage vantage() {
      return vantage;
    }

    /** The order for a service, or null when no region may serve the caller. */
    @Nullable RegionPreference preference(Service service, long nowNanos) {
      Decision decision = decisions[service.ordinal()];
      if (decision == null) {
        decision = new Decision();
        decisions[service.ordinal()] = decision;
        decision.make(this, service, nowNanos);
      } else if (decision.isOld(nowNanos)) {
        decision.make(this, service, nowNanos);
      }
      return decision.preference;
    }

    /** The order that a request would get now; the caller gets no region by being asked about. */
    @Nullable RegionPreference look(Service service, long nowNanos) {
      Decision decision = decisions[service.ordinal()];
      RegionPreference held = decision == null ? null : decision.preference;
      return decision == null || decision.isOld(nowNanos)
          ? advisor.prefer(service, place, vantage, held, ranking)
          : held;
    }
  }

  /** What was decided for a caller of one service, and what was known then. */
  private final class Decision {
    private @Nullable RegionPreference preference;
    private long version;
    private long nanos;

    boolean isOld(long nowNanos) {
      return version != advisor.model().version() && nowNanos - nanos >= FRESH_NANOS;
    }

    void make(Caller caller, Service service, long nowNanos) {
      version = advisor.model().version();
      nanos = nowNanos;
      preference = advisor.prefer(service, caller.place, caller.vantage, preference, ranking);
    }
  }

  boolean isOf(Plan plan) {
    return advisor.plan() == plan;
  }

  /** Whether this cache speaks of this plan and of what the locator knows now. */
  boolean isFor(Plan plan, GeoLocator locator) {
    return isOf(plan) && databases.areThoseOf(locator);
  }

  RoutingAdvisor advisor() {
    return advisor;
  }

  /** The caller at this address, told by a trusted hop to be in a country or not (null). */
  Caller caller(IpAddress address, @Nullable String trustedCountry) {
    Caller caller = look(address, trustedCountry);
    callers[slot(address)] = caller;
    return caller;
  }

  /** The same, without remembering one that was not known. */
  Caller look(IpAddress address, @Nullable String trustedCountry) {
    int country = Countries.indexOf(trustedCountry);
    Caller known = callers[slot(address)];
    return known != null && known.country == country && address.equals(known.address)
        ? known
        : new Caller(address, country, advisor.place(address, trustedCountry));
  }

  private static int slot(IpAddress address) {
    long mixed = (address.high() * 31 + address.low()) * 0x9e37_79b9_7f4a_7c15L;
    return (int) (mixed >>> 40) & (SLOTS - 1);
  }
}
