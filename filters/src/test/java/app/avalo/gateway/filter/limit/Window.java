package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.Bandwidth;
import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

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
   * Likewise of admissions that happened at an unknown moment between two: how far no choice of
   * moments keeps within the limit. Whoever must go first goes first, as early as there is a token.
   */
  public static double excess(long[] fromNanos, long[] untilNanos, Bandwidth bandwidth) {
    double perNano = (double) bandwidth.rate().count() / bandwidth.rate().period().toNanos();
    Integer[] arriving = new Integer[fromNanos.length];
    Arrays.setAll(arriving, i -> i);
    Arrays.sort(arriving, Comparator.comparingLong(i -> fromNanos[i]));
    PriorityQueue<Long> waiting = new PriorityQueue<>(); // by their last moment
    double level = bandwidth.burst();
    double deepest = 0;
    long now = arriving.length == 0 ? 0 : fromNanos[arriving[0]];
    for (int next = 0; next < arriving.length || !waiting.isEmpty(); ) {
      long at = next < arriving.length ? fromNanos[arriving[next]] : Long.MAX_VALUE;
      if (!waiting.isEmpty()) {
        long token = now + (long) Math.ceil(Math.max(0, 1 - level) / perNano);
        at = Math.min(at, Math.min(token, waiting.peek()));
      }
      level = Math.min(bandwidth.burst(), level + Math.max(0, at - now) * perNano);
      now = Math.max(now, at);
      while (next < arriving.length && fromNanos[arriving[next]] <= now) {
        waiting.add(untilNanos[arriving[next++]]);
      }
      while (!waiting.isEmpty() && (level >= 1 || waiting.peek() <= now)) {
        waiting.remove();
        level--;
        deepest = Math.min(deepest, level);
      }
    }
    return deepest > -1e-6 - 1000 * perNano ? 0 : -deepest;
  }
}
