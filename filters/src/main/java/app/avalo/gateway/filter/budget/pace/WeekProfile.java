package app.avalo.gateway.filter.budget.pace;

import java.util.Arrays;

/**
 * How a week's demand is spread over its 168 hours, each as a multiple of the average hour: the
 * mean of the first four weeks, then 3/4 of the old and 1/4 of the new. Flat where nothing was
 * seen.
 */
final class WeekProfile {
  static final int HOURS = 168;
  static final long HOUR_MILLIS = 3_600_000;

  private static final int WEEKS = 4;

  /** Below this an hour says nothing of the level. */
  private static final double LEAST = 0.02;

  private final double[] weights = new double[HOURS];
  private final int[] seen = new int[HOURS];
  private final double[] before = new double[HOURS + 1]; // sum of the hours before

  WeekProfile() {
    Arrays.fill(weights, 1);
    sum();
  }

  private void sum() {
    for (int i = 0; i < HOURS; i++) {
      before[i + 1] = before[i] + weights[i];
    }
  }

  /**
   * Takes in one hour.
   *
   * @param hour since 1970
   * @param weight multiple of the average hour
   */
  void learn(long hour, double weight) {
    int at = ofWeek(hour);
    seen[at] = Math.min(WEEKS, seen[at] + 1);
    weights[at] += (weight - weights[at]) / seen[at];
    sum();
  }

  /** The weight of an hour, never quite nothing. */
  double at(long hour) {
    return Math.max(LEAST, weights[ofWeek(hour)]);
  }

  /** Average hours' worth of demand between two moments, in milliseconds since 1970. */
  double between(long from, long to) {
    return from >= to ? 0 : until(to) - until(from);
  }

  private double until(long millis) {
    long hour = Math.floorDiv(millis, HOUR_MILLIS);
    double within = (double) Math.floorMod(millis, HOUR_MILLIS) / HOUR_MILLIS;
    int at = ofWeek(hour);
    return Math.floorDiv(hour, HOURS) * before[HOURS] + before[at] + within * weights[at];
  }

  private static int ofWeek(long hour) {
    return (int) Math.floorMod(hour, (long) HOURS);
  }
}
