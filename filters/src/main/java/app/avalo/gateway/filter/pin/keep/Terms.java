package app.avalo.gateway.filter.pin.keep;

import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;

/**
 * The times and the majority on which safety rests; equal on all gateways of a group.
 *
 * @param leaseNanos age of a reading up to which writes are sent
 * @param waitNanos after which every lease that began earlier has ended, though clocks run up to 5
 *     % too fast or too slow: at least the lease times 1.05 / 0.95
 * @param liveNanos silence after which a gateway has no vote
 * @param knownNanos silence after which a gateway counts as gone for good
 * @param quorum votes needed of so many live gateways
 */
record Terms(
    long leaseNanos, long waitNanos, long liveNanos, long knownNanos, IntUnaryOperator quorum) {
  static final Terms STANDARD =
      new Terms(
          TimeUnit.MILLISECONDS.toNanos(900),
          TimeUnit.MILLISECONDS.toNanos(1000),
          TimeUnit.MILLISECONDS.toNanos(1500),
          TimeUnit.SECONDS.toNanos(60),
          live -> live / 2 + 1);
}
