package app.avalo.gateway.config.unit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Spans of time as operators write them: {@code 800ms}, {@code 10s}, {@code 5min}, {@code 30d}. */
public final class Durations {
  private static final String[] UNITS = {"d", "h", "min", "s", "ms"};
  private static final long[] MILLIS = {86_400_000, 3_600_000, 60_000, 1000, 1};

  private Durations() {}

  /** A whole number of one unit, at most 10 digits; null if the text is not one. */
  public static @Nullable Duration parse(String text) {
    int digits = 0;
    while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
      digits++;
    }
    if (digits == 0 || digits > 10) {
      return null;
    }
    long count = Long.parseLong(text.substring(0, digits));
    String unit = text.substring(digits);
    for (int i = 0; i < UNITS.length; i++) {
      if (UNITS[i].equals(unit)) {
        return Duration.ofMillis(count * MILLIS[i]);
      }
    }
    return null;
  }

  /** The span in the largest unit that holds it exactly; parts below a millisecond are cut. */
  public static String format(Duration span) {
    long millis = span.toMillis();
    for (int i = 0; i < UNITS.length - 1; i++) {
      if (millis != 0 && millis % MILLIS[i] == 0) {
        return millis / MILLIS[i] + UNITS[i];
      }
    }
    return millis == 0 ? "0s" : millis + "ms";
  }
}
