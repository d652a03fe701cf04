package app.avalo.gateway.filter.budget.pace;

/**
 * What a week's 168 hours ask for: of each the mean of the first four weeks, then 3/4 of the old
 * and 1/4 of the new; where nothing was seen yet, the mean of the others.
 */
final class WeekProfile {
  static final int HOURS = 168;
  static final long HOUR_MILLIS = 3_600_000;

  private static final int WEEKS = 4;

  /** Of the mean; an hour in which nobody comes is not known for sure to have none. */
  private static final double LEAST = 0.02;

  private final double[] weights = new double[HOURS];
  private final int[] seen = new int[HOURS];
  private final double[] before = new double[HOURS + 1]; // sum of the hours before
  private double mean; // of those seen

  /** How many hours each weight is the mean of, about, after so many. */
  static double weeks(long hours) {
    return Math.min(WEEKS, Math.max(1, (double) hours / HOURS));
  }

  private void sum() {
    double all = 0;
    int known = 0;
    for (int i = 0; i < HOURS; i++) {
      all += weights[i];
      known += seen[i] > 0 ? 1 : 0;
    }
    mean = all / known;
    for (int i = 0; i < HOURS; i++) {
      before[i + 1] = before[i] + of(i);
    }
  }

  private double of(int hourOfWeek) {
    return seen[hourOfWeek] > 0 ? weights[hourOfWeek] : mean;
  }

  /**
   * Takes in one hour.
   *
   * @param hour since 1970
   * @param weight what it asked for
   */
  void learn(long hour, double weight) {
    int at = ofWeek(hour);
    seen[at] = Math.min(WEEKS, seen[at] + 1);
    weights[at] += (weight - weights[at]) / seen[at];
    sum();
  }

  /** Whether this hour of the week was seen. */
  boolean knows(long hour) {
    return seen[ofWeek(hour)] > 0;
  }

  /** What an average hour asks for. */
  double mean() {
    return before[HOURS] / HOURS;
  }

  /** What an hour asks for, never quite nothing. */
  double at(long hour) {
    return Math.max(LEAST * mean, of(ofWeek(hour)));
  }

  /** What is asked for between two moments, in milliseconds since 1970. */
  double between(long from, long to) {
    return from >= to ? 0 : until(to) - until(from);
  }

  private double until(long millis) {
    long hour = Math.floorDiv(millis, HOUR_MILLIS);
    double within = (double) Math.floorMod(millis, HOUR_MILLIS) / HOUR_MILLIS;
    int at = ofWeek(hour);
    return Math.floorDiv(hour, HOURS) * before[HOURS] + before[at] + within * of(at);
  }

  private static int ofWeek(long hour) {
    return (int) Math.floorMod(hour, (long) HOURS);
  }
}
