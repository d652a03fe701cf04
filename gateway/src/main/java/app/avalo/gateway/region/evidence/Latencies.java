package app.avalo.gateway.region.evidence;

import java.time.Duration;

/**
 * How long an endpoint's answers take, and whether that is far longer than it used to be: the
 * median of ten seconds over three times the median of about ten minutes. Slow times do not become
 * the measure before they have lasted ten minutes. Control loop only.
 */
public final class Latencies {
  public static final Duration WINDOW = Duration.ofSeconds(10);
  static final int WINDOWS = 60;
  static final int SLOW = 3;
  static final int ENOUGH_NOW = 20;
  static final int ENOUGH_BEFORE = 100;

  private final long[] seen = new long[LatencyCounts.BUCKETS];
  private final double[] usual = new double[LatencyCounts.BUCKETS];
  private final double[] window = new double[LatencyCounts.BUCKETS];
  private double usualAnswers;
  private int slowWindows;
  private boolean slow;

  /** Ends a window of ten seconds. */
  public void roll(LatencyCounts counts) {
    double answers = 0;
    for (int i = 0; i < window.length; i++) {
      long sum = counts.sum(i);
      window[i] = sum - seen[i];
      seen[i] = sum;
      answers += window[i];
    }
    slow =
        answers >= ENOUGH_NOW
            && usualAnswers >= ENOUGH_BEFORE
            && quantile(window, answers, 0.5) > SLOW * quantile(usual, usualAnswers, 0.5);
    slowWindows = slow ? slowWindows + 1 : 0;
    if (slow && slowWindows < WINDOWS) {
      return;
    }
    usualAnswers = 0;
    for (int i = 0; i < window.length; i++) {
      usual[i] = usual[i] * (WINDOWS - 1) / WINDOWS + window[i];
      usualAnswers += usual[i];
    }
  }

  public boolean isSlow() {
    return slow;
  }

  /** Whether enough answers came to say how long they usually take. */
  public boolean isKnown() {
    return usualAnswers >= ENOUGH_NOW;
  }

  /** What this share of the usual answers stays below. */
  public long usualNanos(double share) {
    return quantile(usual, usualAnswers, share);
  }

  private static long quantile(double[] counts, double all, double share) {
    double left = all * share;
    for (int i = 0; i < counts.length; i++) {
      left -= counts[i];
      if (left <= 0) {
        return LatencyCounts.boundNanos(i);
      }
    }
    return LatencyCounts.boundNanos(counts.length - 1);
  }
}
