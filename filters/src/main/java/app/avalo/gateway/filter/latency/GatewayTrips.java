package app.avalo.gateway.filter.latency;

import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.Exchange;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Round trips from this gateway to the regions, from traffic or from checks: the shortest time to a
 * first byte in ten seconds is a round trip and what the fastest answer takes. One event loop.
 */
public final class GatewayTrips {
  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final LatencyModel model;
  private final Vantage gateway;
  private final long[] leastNanos; // by ordinal
  private long sinceNanos; // 0 before the first

  public GatewayTrips(LatencyModel model, Vantage gateway, int regions) {
    this.model = model;
    this.gateway = gateway;
    this.leastNanos = new long[regions];
    Arrays.fill(leastNanos, Long.MAX_VALUE);
  }

  /** Takes what an exchange that is over shows; a repeated one shows more than one trip. */
  public void ended(Exchange exchange) {
    Region region = exchange.region();
    if (region == null || exchange.attempts() != 1 || exchange.firstByteNanos() == 0) {
      return;
    }
    long now = exchange.firstByteNanos();
    took(region.ordinal(), now - exchange.startNanos(), now);
  }

  /** Takes the time of one trip to the region of this ordinal. */
  void took(int ordinal, long nanos, long nowNanos) {
    leastNanos[ordinal] = Math.min(leastNanos[ordinal], nanos);
    if (sinceNanos == 0) {
      sinceNanos = nowNanos;
    } else if (nowNanos - sinceNanos >= WINDOW_NANOS) {
      sinceNanos = nowNanos;
      learn();
    }
  }

  private void learn() {
    for (int i = 0; i < leastNanos.length; i++) {
      if (leastNanos[i] != Long.MAX_VALUE) {
        float millis = leastNanos[i] / 1e6f;
        model.sample(gateway, i, millis, LatencyModel.Trust.REPORTED_AGAIN);
        leastNanos[i] = Long.MAX_VALUE;
      }
    }
  }
}
