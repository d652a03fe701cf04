package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.Bandwidth;
import java.util.Arrays;

/**
 * How much a log of admissions exceeds its limit: the most, over all windows, of admitted tokens
 * less burst and refill. The log is replayed through a bucket that may go below zero; its deepest
 * level is the answer.
 */
public final class Window {
  private Window() {}

  /** Tokens too many in the worst window; 0 when the limit held. */
  public static double excess(long[] admittedNanos, Bandwidth bandwidth) {
    long[] sorted = admittedNanos.clone();
    Arrays.sort(sorted);
    double perNano = (double) bandwidth.rate().count() / bandwidth.rate().period().toNanos();
    double level = bandwidth.burst();
    double deepest = 0;
    long last = sorted.length == 0 ? 0 : sorted[0];
    for (long at : sorted) {
      level = Math.min(bandwidth.burst(), level + (at - last) * perNano) - 1;
      deepest = Math.min(deepest, level);
      last = at;
    }
    // The clocks that decide have whole microseconds.
    return deepest > -1e-6 - 1000 * perNano ? 0 : -deepest;
  }
}
