package app.avalo.gateway.run;

import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.access.AccessFilter;
import app.avalo.gateway.filter.beacon.Votes;
import app.avalo.gateway.filter.budget.BudgetFilter;
import app.avalo.gateway.filter.cors.CorsFilter;
import app.avalo.gateway.filter.geo.PlaceFilter;
import app.avalo.gateway.filter.header.HeaderFilter;
import app.avalo.gateway.filter.identity.IdentityFilter;
import app.avalo.gateway.filter.limit.LimitFilter;
import app.avalo.gateway.filter.pin.PinFilter;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.split.SplitFilter;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.observe.AccessLogFilter;
import app.avalo.gateway.observe.MetricsFilter;
import app.avalo.gateway.steer.Reports;
import app.avalo.gateway.steer.SteerFilter;
import app.avalo.gateway.steer.SteerFilter.Nearness;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The filters of one event loop, in the order in which a request meets them. */
final class LoopFilters {
  private LoopFilters() {}

  static List<Filter> of(
      Shared shared, @Nullable RedisLink redis, Executor loop, Nearness nearness) {
    Ticker ticker = Ticker.SYSTEM;
    PinFilter pins =
        new PinFilter(
            shared.keepers()::of,
            shared.stores().homes(redis),
            shared.pinKeys(),
            shared.pinCounters(),
            ticker);
    BudgetFilter budgets = new BudgetFilter(shared.ledger(), loop, shared.stores().receipts(redis));
    return List.of(
        // Outermost: they end last, when every other filter has settled.
        new AccessLogFilter(shared.observed().accessLog(), ticker),
        new MetricsFilter(shared.observed().requests()),
        // Above everything that costs: an address that is shut out learns nothing and uses nothing.
        new AccessFilter(),
        // Above identity: browsers send preflights without credentials.
        new CorsFilter(),
        // Above the limits: tiers and per-user buckets need to know who calls.
        new IdentityFilter(shared.identities()),
        // Above all that ask which service is meant; below identity, as users keep their version.
        new SplitFilter(budgets::refuses),
        // Above the limits, whose keys may hold the country, and above the pins, which choose a
        // first home from the preference.
        new PlaceFilter(shared.locator(), shared.latencies()),
        // Above all that asks a store for more than tokens: a flood ends here.
        new LimitFilter(shared.limits(), redis, shared.stores().prefix()),
        // Below the limits, which bound how often clients ask and report.
        new SteerFilter(
            shared.health(),
            shared.locator(),
            shared.latencies(),
            new Reports(shared.beacons(), new Votes(redis, shared.stores().prefix())),
            pins,
            nearness),
        // Above the budgets: a user whose home is unknown must not hold money.
        pins,
        // Below every other refusal: money is held only for what will be forwarded.
        budgets,
        // Last: what it sets must not be read by a filter as the client's word.
        new HeaderFilter());
  }
}
