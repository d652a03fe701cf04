package app.avalo.gateway.run;

import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.access.AccessFilter;
import app.avalo.gateway.filter.cors.CorsFilter;
import app.avalo.gateway.filter.geo.PlaceFilter;
import app.avalo.gateway.filter.header.HeaderFilter;
import app.avalo.gateway.filter.identity.IdentityFilter;
import app.avalo.gateway.filter.redis.RedisLink;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The filters of one event loop, in the order in which a request meets them. */
final class LoopFilters {
  private LoopFilters() {}

  static List<Filter> of(Shared shared, @Nullable RedisLink redis) {
    return List.of(
        // Above everything that costs: an address that is shut out learns nothing and uses nothing.
        new AccessFilter(),
        // Above identity: browsers send preflights without credentials.
        new CorsFilter(),
        // Above the limits: tiers and per-user buckets need to know who calls.
        new IdentityFilter(shared.identities()),
        // Above the pins: they need the preference to choose a home from.
        new PlaceFilter(shared.locator()),
        // Last: what it sets must not be read by a filter as the client's word.
        new HeaderFilter());
  }
}
