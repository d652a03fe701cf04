package app.avalo.gateway.filter.budget.pace;

/**
 * What a kind of requests will ask for: what each hour of the week usually asks for, times how much
 * more or less it is lately. Learns from hours that are over; amounts in micro-units.
 */
final class DemandForecast {
  /** Of the newest hour in what is more or less than usual; four days remember most. */
  private static final double LEVEL = 1.0 / 96;

  /** Of the newest hour in what is known of noise. */
  private static final double NOISE = 1.0 / 168;

  /** When hardly anything is left of the usual, it is not taken for the whole of it. */
  private static final double LEAST_LEVEL = 0.1;

  private final WeekProfile profile = new WeekProfile();
  private double asked; // lately, in hours of the week that were seen before
  private double usual; // in those hours
  private double strayed; // squares of what came beyond the expected, or short of it
  private double expected; // squares of what was expected
  private long hours;

  /**
   * Takes in one hour. Before anything was asked for there is nothing to learn.
   *
   * @param hour since 1970
   * @param micros asked for in it, refused requests included
   */
  void learn(long hour, double micros) {
    if (micros == 0 && !isAsked()) {
      return;
    }
    double weight = profile.at(hour);
    if (hours > 0) {
      double stray = micros - level() * weight;
      double newest = Math.max(NOISE, 1.0 / hours);
      strayed += (stray * stray - strayed) * newest;
      expected += (level() * weight * level() * weight - expected) * newest;
    }
    if (profile.knows(hour)) {
      // A ratio of sums, not a mean of ratios: an hour says as much of the level as it weighs.
      asked += (micros - asked) * LEVEL;
      usual += (weight - usual) * LEVEL;
    }
    hours++;
    profile.learn(hour, micros / Math.max(LEAST_LEVEL, level()));
    if (hours <= WeekProfile.HOURS) {
      asked = usual = profile.mean();
    }
  }

  private double level() {
    return usual == 0 ? 1 : asked / usual;
  }

  /** Whether anything was ever asked for. */
  boolean isAsked() {
    return hours > 0;
  }

  /** What will be asked for between two moments, in milliseconds since 1970. */
  double between(long from, long to) {
    return level() * profile.between(from, to);
  }

  /** Standard deviation of one hour. */
  double ofAnHour(long hour) {
    return expected == 0 ? 0 : level() * profile.at(hour) * Math.sqrt(strayed / expected);
  }

  /**
   * Standard deviation of {@link #between}: of the level as known, of the weights as known, which
   * are wrong in the same way each week, and of the hours to come.
   */
  double deviation(long from, long to) {
    double ahead = Math.max(1, (double) (to - from) / WeekProfile.HOUR_MILLIS);
    double level = Math.max(LEVEL / (2 - LEVEL), 1.0 / Math.max(1, hours));
    double weights = 1 / (Math.min(ahead, WeekProfile.HOURS) * WeekProfile.weeks(hours));
    double ofAll = Math.sqrt(strayed * (level + weights + 1 / ahead));
    return isAsked() ? between(from, to) * ofAll / (level() * profile.mean()) : 0;
  }
}
