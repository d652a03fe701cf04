package app.avalo.gateway.config.unit;

import java.time.Duration;

/**
 * So many events per period, as in {@code 100/min}.
 *
 * @param count events, at least 1
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
  }

  /** Nanoseconds between two events at this rate, at least 1. */
  public long nanosPerEvent() {
    return Math.max(1, period.toNanos() / count);
  }

  @Override
  public String toString() {
    return count
        + "/"
        + switch ((int) Math.min(period.toSeconds(), Integer.MAX_VALUE)) {
          case 1 -> "s";
          case 60 -> "min";
          case 3600 -> "h";
          case 86400 -> "d";
          default -> period.toMillis() + "ms";
        };
  }
}
