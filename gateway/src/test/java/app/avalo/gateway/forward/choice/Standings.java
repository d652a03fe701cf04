package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Standings as told; endpoints follow their region unless told otherwise. */
final class Standings implements Health {
  final Map<String, Standing> regions = new HashMap<>();
  final Map<String, Standing> endpoints = new HashMap<>();
  final Map<String, Integer> shares = new HashMap<>();
  final List<String> taken = new ArrayList<>();

  @Override
  public void taken(Region region, int caller) {
    taken.add(region.name());
  }

  @Override
  public int share(Region region) {
    return shares.getOrDefault(region.name(), 1024);
  }

  @Override
  public boolean admits(Region region, int caller) {
    return (caller & 1023) < share(region);
  }

  @Override
  public Standing standing(Region region) {
    return regions.getOrDefault(region.name(), Standing.IN_SERVICE);
  }

  @Override
  public EndpointHealth endpoint(Region region, Service service, Endpoint endpoint) {
    return new EndpointHealth() {
      @Override
      public Standing standing() {
        return endpoints.getOrDefault(region.name(), Standings.this.standing(region));
      }

      @Override
      public void succeeded() {}

      @Override
      public void failed(Failure failure) {}
    };
  }

  @Override
  public void onChange(ChangeListener listener) {}

  @Override
  public boolean panic() {
    return false;
  }

  @Override
  public boolean probedOnce() {
    return true;
  }
}
