package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.time.Ticker;

/**
 * The map as one gateway may use it now. Immutable; read by every loop.
 *
 * @param map latest known
 * @param leaseEndNanos on the monotonic clock: until then pinned writes may be sent by it
 * @param leaseEndMillis the same on the wall clock, for services that must know it
 */
public record View(PinMap map, long leaseEndNanos, long leaseEndMillis) {

  /** A map whose lease has ended before it began. */
  public static View unleased(PinMap map, Ticker ticker) {
    return until(map, ticker.nanos(), ticker);
  }

  /** A map with a lease on it. */
  static View until(PinMap map, long leaseEndNanos, Ticker ticker) {
    long leftNanos = leaseEndNanos - ticker.nanos();
    return new View(map, leaseEndNanos, ticker.epochMillis() + leftNanos / 1_000_000);
  }

  /** Whether a write to the owner may be sent now; the caller sends it in the same turn. */
  public boolean mayWrite(Owner owner, long nowNanos) {
    return leaseNanos(nowNanos) > 0 && map.open(owner);
  }

  /** What is left of the lease; zero or less when it has ended. */
  public long leaseNanos(long nowNanos) {
    return leaseEndNanos - nowNanos;
  }
}
