package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers of one advisor for the callers seen last, so that a client costs one look-up and not one
 * per request. Direct-mapped: bounded, no links, and a flood of addresses can only make it useless.
 * One event loop.
 */
final class PlaceCache {
  /** A power of two. A full one holds about 200 KiB. */
  private static final int SLOTS = 2048;

  /** Distinct orders shared between callers; more than any map of regions gives in practice. */
  private static final int SHARED_ORDERS = 1024;

  private final RoutingAdvisor advisor;
  private final @Nullable GeoDatabase database;
  private final Caller[] byAddress = new Caller[SLOTS];
  private final Caller[] byCountry = new Caller[Countries.CODES];
  private final Map<RegionPreference, RegionPreference> orders = new HashMap<>();

  PlaceCache(RoutingAdvisor advisor, @Nullable GeoDatabase database) {
    this.advisor = advisor;
    this.database = database;
  }

  /** A place with the region orders worked out for it so far. */
  final class Caller {
    private final @Nullable IpAddress address;
    private final Place place;
    private final @Nullable RegionPreference[] byService =
        new @Nullable RegionPreference[advisor.plan().services().size()];

    private Caller(@Nullable IpAddress address, Place place) {
      this.address = address;
      this.place = place;
    }

    Place place() {
      return place;
    }

    /** The order for a service, or null when no region may serve the caller. */
    @Nullable RegionPreference preference(Service service) {
      RegionPreference known = byService[service.ordinal()];
      if (known == null) {
        known = shared(advisor.advise(service, place).preference());
        byService[service.ordinal()] = known;
      }
      return known;
    }
  }

  private @Nullable RegionPreference shared(@Nullable RegionPreference order) {
    if (order == null || orders.size() >= SHARED_ORDERS) {
      return order;
    }
    RegionPreference first = orders.putIfAbsent(order, order);
    return first == null ? order : first;
  }

  /** Whether this cache speaks of this plan and database. */
  boolean isFor(Object plan, @Nullable GeoDatabase current) {
    return advisor.plan() == plan && database == current;
  }

  RoutingAdvisor advisor() {
    return advisor;
  }

  /** The caller at this address, told by a trusted hop to be in a country or not (null). */
  Caller caller(IpAddress address, @Nullable String trustedCountry) {
    int country = Countries.indexOf(trustedCountry);
    return country >= 0 && !advisor.inRange(address)
        ? inCountry(country, address, trustedCountry)
        : at(address);
  }

  private Caller inCountry(int country, IpAddress address, @Nullable String trustedCountry) {
    Caller known = byCountry[country];
    if (known == null) {
      known = new Caller(null, advisor.place(address, trustedCountry));
      byCountry[country] = known;
    }
    return known;
  }

  private Caller at(IpAddress address) {
    long mixed = (address.high() * 31 + address.low()) * 0x9e37_79b9_7f4a_7c15L;
    int slot = (int) (mixed >>> 40) & (SLOTS - 1);
    Caller known = byAddress[slot];
    if (known == null || !address.equals(known.address)) {
      known = new Caller(address, advisor.place(address, null));
      byAddress[slot] = known;
    }
    return known;
  }
}
