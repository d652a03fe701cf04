package app.avalo.gateway.filter.redis;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Waits between attempts to connect: doubling from 50 ms to half a second, each drawn from the
 * upper half so that replicas which lost Redis together do not come back together. Not longer, as
 * who is still away decides by its share what those who are back decide by the whole limit.
 */
final class Backoff {
  private static final long FIRST_MILLIS = 50;
  private static final long LAST_MILLIS = 500;

  private final RandomGenerator random;
  private long ceilingMillis = FIRST_MILLIS;

  Backoff(RandomGenerator random) {
    this.random = random;
  }

  /** The wait before the next attempt. */
  Duration next() {
    long half = ceilingMillis / 2;
    Duration wait = Duration.ofMillis(half + random.nextLong(half + 1));
    ceilingMillis = Math.min(LAST_MILLIS, 2 * ceilingMillis);
    return wait;
  }

  /** Starts over; for a connection that held. */
  void reset() {
    ceilingMillis = FIRST_MILLIS;
  }
}
