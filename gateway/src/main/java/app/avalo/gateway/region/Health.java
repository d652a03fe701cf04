package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;

/** What the forwarder asks about regions and endpoints; safe from every loop, never blocks. */
public interface Health {
  /** The region's standing as a whole; a volatile read. */
  Standing standing(Region region);

  /**
   * The live state of an endpoint. Looked up once per plan, not per request; the same address in
   * the same region gives the same object across reloads.
   */
  EndpointHealth endpoint(Region region, Service service, Endpoint endpoint);

  /** Calls the listener, on the control loop, whenever a region's standing changes. */
  void onChange(ChangeListener listener);

  /** Told of changes of standing. */
  interface ChangeListener {
    void changed(String region, Standing from, Standing to, String reason);
  }
}
