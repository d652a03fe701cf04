package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;

/**
 * The map as one gateway may use it now. Immutable; read by every loop.
 *
 * @param map latest known
 * @param leaseEndNanos on the monotonic clock: until then pinned writes may be sent by it
 */
public record View(PinMap map, long leaseEndNanos) {

  /** Whether a write to the owner may be sent now; the caller sends it in the same turn. */
  public boolean mayWrite(Owner owner, long nowNanos) {
    return leaseNanos(nowNanos) > 0 && map.open(owner);
  }

  /** What is left of the lease; zero or less when it has ended. */
  public long leaseNanos(long nowNanos) {
    return leaseEndNanos - nowNanos;
  }
}
