package app.avalo.gateway.filter.latency;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.latency.LatencyModel.Trust;
import app.avalo.gateway.filter.time.Ticker;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What checks show of the round trips from this gateway, where it decides for its callers: so that
 * a region is known that none of its traffic goes to. One event loop.
 */
public final class CheckedTrips {
  private final Supplier<Plan> plan;
  private final LatencyModel model;
  private final Ticker ticker;
  private @Nullable Plan of; // of the rest
  private @Nullable Vantage gateway; // null where callers decide
  private @Nullable GatewayTrips trips;

  public CheckedTrips(Supplier<Plan> plan, LatencyModel model, Ticker ticker) {
    this.plan = plan;
    this.model = model;
    this.ticker = ticker;
  }

  /** A check of this region heard an answer after so long. */
  public void took(String name, long nanos) {
    Plan current = plan.get();
    if (of != current) {
      of = current;
      gateway = RegionMap.gateway(current);
      trips = gateway == null ? null : new GatewayTrips(model, gateway, current.regions().size());
    }
    Region region = current.region(name);
    if (gateway == null || trips == null || region == null) {
      return;
    }
    if (model.ownSamples(gateway, region.ordinal()) == 0) {
      model.sample(gateway, region.ordinal(), nanos / 1e6f, Trust.REPORTED_AGAIN);
    } else {
      trips.took(region.ordinal(), nanos, ticker.nanos());
    }
  }
}
