package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import java.util.List;

/**
 * A service of one plan.
 *
 * @param ordinal position in {@link Plan#services()}
 * @param config as the file says
 * @param endpoints by region ordinal; an empty list where the service is absent
 */
public record Service(int ordinal, ServiceConfig config, List<List<Endpoint>> endpoints) {
  public String name() {
    return config.name();
  }

  /** Its endpoints in a region, none when it is absent there. */
  public List<Endpoint> in(Region region) {
    return endpoints.get(region.ordinal());
  }

  @Override
  public String toString() {
    return config.name();
  }
}
