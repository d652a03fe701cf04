package app.avalo.gateway.filter.pin.store;

import org.jspecify.annotations.Nullable;

/**
 * Where a user belongs.
 *
 * @param region index of {@link app.avalo.gateway.config.RegionConfig#index()}
 * @param sinceMillis of the first contact, wall clock
 */
public record Home(int region, long sinceMillis) {
  private static final int LONGEST = 24;

  /** {@code region|sinceMillis}, as it stands in Redis; golden in the tests. */
  String text() {
    return region + "|" + Math.max(0, sinceMillis);
  }

  /** The home, or null for anything that {@link #text} could not have written. */
  static @Nullable Home parse(String text) {
    int bar = text.indexOf('|');
    if (text.length() > LONGEST) {
      return null;
    }
    long region = number(text, 0, bar);
    long since = number(text, bar + 1, text.length());
    return region < 0 || region > Epoch.MAX_REGION || since < 0
        ? null
        : new Home((int) region, since);
  }

  /** The digits between the bounds as a number, or -1. */
  private static long number(String text, int from, int to) {
    if (to <= from || to - from > 15) {
      return -1;
    }
    long number = 0;
    for (int i = from; i < to; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = number * 10 + digit;
    }
    return number;
  }
}
