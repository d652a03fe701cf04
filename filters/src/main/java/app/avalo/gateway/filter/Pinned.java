package app.avalo.gateway.filter;

import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.plan.Region;
import io.vertx.core.MultiMap;

/** The binding of one exchange's user to one region. */
public interface Pinned {
  /** Services of one group share a user's pin. */
  String group();

  Contract contract();

  /** The region that owns the user. */
  Region region();

  /** {@code counter << 16 | region index}; grows with every move of this user. */
  long epoch();

  /** Where the pin came from, in a word for {@code explain}: cookie, store, new. */
  String origin();

  /** The pin by the latest map: this one if nothing has changed. */
  Pinned now();

  /** Whether the request may change something, so that {@link #mayWrite} has to be asked. */
  boolean writes();

  /**
   * Whether a write may be sent to the region at this moment; the caller sends it in the same turn.
   */
  boolean mayWrite(long nowNanos);

  /** Writes what the service is told of the pin, signed, as of this moment. */
  void tell(MultiMap to, String requestId, long nowNanos);

  /** The service refused the request because it has seen a higher epoch of this user. */
  void refused(long epoch);
}
