package app.avalo.gateway.config.unit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * So many events per period, as in {@code 100/min}.
 *
 * @param count events, at least 1 and at most one per nanosecond
 * @param period the time in which they are allowed, more than zero
 */
public record Rate(long count, Duration period) {
  public Rate {
    if (count < 1) {
      throw new IllegalArgumentException(count + " (expected a count of at least 1)");
    }
    if (period.isZero() || period.isNegative()) {
      throw new IllegalArgumentException(period + " (expected a period above zero)");
    }
    if (period.compareTo(Duration.ofNanos(count)) < 0) {
      throw new IllegalArgumentException(
          count + " in " + period + " (expected at most one per nanosecond)");
    }
  }

  /** A rate as text, {@code 100/min} or {@code 5/10s}, or null if it is not one. */
  public static @Nullable Rate parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 1 || slash > 12 || slash == text.length() - 1) {
      return null;
    }
    for (int i = 0; i < slash; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return null;
      }
    }
    char first = text.charAt(slash + 1);
    String span = text.substring(slash + 1);
    Duration period = Durations.parse(first >= '0' && first <= '9' ? span : "1" + span);
    long count = Long.parseLong(text.substring(0, slash));
    boolean possible =
        period != null && count > 0 && period.compareTo(Duration.ofNanos(count)) >= 0;
    return possible ? new Rate(count, period) : null;
  }

  /** Nanoseconds between two events at this rate, at least 1. */
  public long nanosPerEvent() {
    return Math.max(1, period.toNanos() / count);
  }

  /** The period as it is written after the slash. */
  public String per() {
    String span = Durations.format(period);
    boolean one = span.startsWith("1") && !Character.isDigit(span.charAt(1));
    return one ? span.substring(1) : span;
  }

  @Override
  public String toString() {
    return count + "/" + per();
  }
}
