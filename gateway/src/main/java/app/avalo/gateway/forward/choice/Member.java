package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.upstream.EndpointPool;

/**
 * An endpoint with its live state, as one event loop sees it.
 *
 * @param endpoint where it is
 * @param health whether it may be used
 * @param pool connections of this loop
 */
public record Member(Endpoint endpoint, EndpointHealth health, EndpointPool pool) {
  /** Another endpoint answered the request that it was sent first. */
  public void outrun(long sentNanos, long nowNanos) {
    if (pool.load().outrun(sentNanos, nowNanos)) {
      health.failed(EndpointHealth.Failure.TIMEOUT);
    }
  }
}
