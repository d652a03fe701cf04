package app.avalo.gateway.filter.budget.pace;

/**
 * What a kind of requests will ask for: the cost of an average hour, spread by the hour of the
 * week. Learns from hours that are over; amounts in micro-units.
 */
final class DemandForecast {
  /** Of the newest hour in the level; four days remember most. */
  private static final double LEVEL = 1.0 / 96;

  /** Of the newest hour in what is known of noise. */
  private static final double NOISE = 1.0 / 168;

  private final WeekProfile profile = new WeekProfile();
  private double level;
  private double variance; // of an hour relative to what was expected of it
  private long hours;

  /**
   * Takes in one hour.
   *
   * @param hour since 1970
   * @param micros asked for in it, refused requests included
   */
  void learn(long hour, double micros) {
    double weight = profile.at(hour);
    if (hours > 0 && level > 0) {
      double stray = micros / (level * weight) - 1;
      variance += (stray * stray - variance) * Math.max(NOISE, 1.0 / (hours + 1));
    }
    level += (micros / weight - level) * Math.max(LEVEL, 1.0 / (hours + 1));
    hours++;
    if (level > 0) {
      profile.learn(hour, micros / level);
    }
  }

  /** Whether an hour was seen. */
  boolean knows() {
    return hours > 0;
  }

  /** What will be asked for between two moments, in milliseconds since 1970. */
  double between(long from, long to) {
    return level * profile.between(from, to);
  }

  /** Standard deviation of one hour. */
  double ofAnHour(long hour) {
    return level * profile.at(hour) * Math.sqrt(variance);
  }

  /** Standard deviation of {@link #between}: of the level as known, and of the hours to come. */
  double deviation(long from, long to) {
    double ahead = Math.max(1, (double) (to - from) / WeekProfile.HOUR_MILLIS);
    double known = Math.max(LEVEL / (2 - LEVEL), 1.0 / Math.max(1, hours));
    return between(from, to) * Math.sqrt(variance * (known + 1 / ahead));
  }
}
