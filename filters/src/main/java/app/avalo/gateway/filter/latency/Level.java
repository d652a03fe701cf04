package app.avalo.gateway.filter.latency;

import java.util.Locale;

/**
 * How wide a circle a measurement speaks for. Each level corrects what the wider ones say, the more
 * the more and the fresher samples it has: the mean of two normal distributions by their precision
 * (see RATIONALE.md, "Latency").
 */
public enum Level {
  /** Everybody in the country: how far its ways are longer than the map says, as a share of it. */
  COUNTRY(0.1, 0.07, 7 * 24 * 60, 0.5),
  /** Everybody of one network in the country, likewise. */
  NETWORK(0.05, 0.1, 24 * 60, 0.5),
  /**
   * One /24 or /48, or the gateway itself: round trips as measured. The lower quartile, because
   * what comes on top of a path changes from moment to moment.
   */
  PREFIX(20, 5, 6 * 60, 0.25);

  private static final int STEPS_PER_HALF = 8;
  private static final float[] DECAY = new float[STEPS_PER_HALF * STEPS_PER_HALF];

  static {
    for (int i = 0; i < DECAY.length; i++) {
      DECAY[i] = (float) Math.pow(0.5, (double) i / STEPS_PER_HALF);
    }
  }

  /** Off by this much, and by {@link #JUMP_SHARE}. */
  private static final double JUMP_MILLIS = 20;

  private static final double JUMP_SHARE = 0.3;

  private final float noise; // variance of one sample over that of what is to be learned
  private final double tauSquared;
  private final double sigmaSquared;
  private final float stepsPerMinute;
  private final double quantile;

  /**
   * A level.
   *
   * @param tau spread of what is to be learned, in milliseconds or as a share
   * @param sigma spread of one sample, in the same unit
   */
  Level(double tau, double sigma, int halfLifeMinutes, double quantile) {
    this.tauSquared = tau * tau;
    this.sigmaSquared = sigma * sigma;
    this.noise = (float) (sigmaSquared / tauSquared);
    this.stepsPerMinute = (float) STEPS_PER_HALF / halfLifeMinutes;
    this.quantile = quantile;
  }

  double quantile() {
    return quantile;
  }

  /** Variance of one sample over that of the prior, which may be vaguer than usual. */
  float noise(double extraMillis) {
    return extraMillis == 0
        ? noise
        : (float) (sigmaSquared / (tauSquared + extraMillis * extraMillis));
  }

  /**
   * Whether a sample is off so far that a second one like it shows that the path changed, so that
   * older ones mislead. Wider levels hold many paths, whose differences are no change.
   */
  boolean jumps(float known, float millis) {
    return this == PREFIX
        && Math.abs(millis - known) > Math.max(JUMP_MILLIS, JUMP_SHARE * Math.abs(known));
  }

  /** Share of this level's own word, 0 to 1, in what it says. */
  float trust(long facts, int nowMinute) {
    return trust(facts, nowMinute, noise);
  }

  /** The same where a sample's noise is another one. */
  float trust(long facts, int nowMinute, float noise) {
    int age = Math.max(0, nowMinute - SampleTable.minute(facts));
    int step = Math.min(DECAY.length - 1, (int) (age * stepsPerMinute));
    float weight = SampleTable.count(facts) * DECAY[step];
    return weight / (weight + noise);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
