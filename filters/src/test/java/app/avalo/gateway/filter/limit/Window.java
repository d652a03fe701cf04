package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.Bandwidth;
import java.util.Arrays;
import java.util.Comparator;

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

  /**
   * Likewise of admissions that happened at an unknown moment between two: what is too many for
   * certain, as a window has for certain those that began and ended in it. Quadratic.
   */
  public static double excess(long[] fromNanos, long[] untilNanos, Bandwidth bandwidth) {
    double perNano = (double) bandwidth.rate().count() / bandwidth.rate().period().toNanos();
    long[] starts = fromNanos.clone();
    Arrays.sort(starts);
    Integer[] ending = new Integer[fromNanos.length];
    Arrays.setAll(ending, i -> i);
    Arrays.sort(ending, Comparator.comparingLong(i -> untilNanos[i]));
    // By the start of a window: what it has so far, less what is not refilled in it.
    double[] held = new double[starts.length];
    Arrays.setAll(held, i -> (starts[i] - starts[0]) * perNano);
    double excess = 0;
    for (int one : ending) {
      double allowed = bandwidth.burst() + (untilNanos[one] - starts[0]) * perNano;
      for (int i = 0; i < starts.length && starts[i] <= fromNanos[one]; i++) {
        excess = Math.max(excess, ++held[i] - allowed);
      }
    }
    return excess < 1e-6 + 1000 * perNano ? 0 : excess;
  }
}
