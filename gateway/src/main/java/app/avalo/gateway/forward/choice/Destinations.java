package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.upstream.EndpointPool;
import app.avalo.gateway.upstream.UpstreamPool;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A plan's services in its regions, joined with this loop's pools and with health. */
public final class Destinations {
  private final Plan plan;
  private final @Nullable Destination[][] byServiceAndRegion;
  private final RetryBudget[] retries;
  private final @Nullable Latency[] latencies; // by route

  /** The plan's services, with this loop's share of what is promised to all loops. */
  public Destinations(Plan plan, Health health, UpstreamPool pool, int loops, long nowNanos) {
    this.plan = plan;
    int services = plan.services().size();
    this.byServiceAndRegion = new Destination[services][plan.regions().size()];
    this.retries = new RetryBudget[services];
    this.latencies = new Latency[plan.routes().size()];
    for (Service service : plan.services()) {
      retries[service.ordinal()] = new RetryBudget(nowNanos);
      for (Region region : plan.regions()) {
        List<Endpoint> endpoints = service.in(region);
        if (!endpoints.isEmpty()) {
          byServiceAndRegion[service.ordinal()][region.ordinal()] =
              new Destination(
                  region,
                  members(service, region, endpoints, health, pool),
                  health,
                  service.config().balance(),
                  spill(service, region, loops, nowNanos));
        }
      }
    }
  }

  private static Member[] members(
      Service service, Region region, List<Endpoint> endpoints, Health health, UpstreamPool pool) {
    Member[] members = new Member[endpoints.size()];
    for (int i = 0; i < members.length; i++) {
      Endpoint endpoint = endpoints.get(i);
      members[i] =
          new Member(
              endpoint,
              health.endpoint(region, service, endpoint),
              pool.pool(service.config(), endpoint));
    }
    return members;
  }

  private static @Nullable Spill spill(Service service, Region region, int loops, long nowNanos) {
    Integer capacity = service.config().balance().capacity().get(region.name());
    return capacity == null ? null : new Spill((double) capacity / loops, nowNanos);
  }

  public Plan plan() {
    return plan;
  }

  /** The service in the region, or null where it is absent. */
  @Nullable Destination of(Service service, Region region) {
    return byServiceAndRegion[service.ordinal()][region.ordinal()];
  }

  /** A first attempt at the service is made; some further ones are paid for by it. */
  public void earn(Service service, long nowNanos) {
    retries[service.ordinal()].earn(nowNanos);
  }

  RetryBudget retries(Service service) {
    return retries[service.ordinal()];
  }

  /** How long answers of the route take. */
  Latency latency(Route route) {
    Latency latency = latencies[route.ordinal()];
    if (latency == null) {
      latency = new Latency();
      latencies[route.ordinal()] = latency;
    }
    return latency;
  }

  public Set<EndpointPool> pools() {
    Set<EndpointPool> pools = new HashSet<>();
    each(
        destination -> {
          for (Member member : destination.members()) {
            pools.add(member.pool());
          }
        });
    return pools;
  }

  /** Cuts every connection of this loop to a region. */
  public void cut(String region) {
    each(
        destination -> {
          if (destination.region().name().equals(region)) {
            destination.cut();
          }
        });
  }

  /** Cuts every connection of this loop to an endpoint. */
  public void cut(EndpointHealth endpoint) {
    each(destination -> destination.cut(endpoint));
  }

  private void each(Consumer<Destination> action) {
    for (Destination[] ofService : byServiceAndRegion) {
      for (Destination destination : ofService) {
        if (destination != null) {
          action.accept(destination);
        }
      }
    }
  }
}
