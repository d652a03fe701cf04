package app.avalo.gateway.demo;

import java.time.Duration;

/**
 * How long an answer takes from a region to a caller: round trips as measured between these parts
 * of the world on public networks, rounded. Callers are known by the documentation addresses (RFC
 * 5737) that the demo's configuration places; anybody else is at home in Europe.
 */
enum Distance {
  NEAR(10),
  ATLANTIC(90),
  PACIFIC(110),
  EURASIA(160);

  private final long millis;

  Distance(long millis) {
    this.millis = millis;
  }

  Duration time() {
    return Duration.ofMillis(millis);
  }

  /**
   * From a region to a caller.
   *
   * @param forwardedFor the caller's address first, or empty
   */
  static Distance of(String region, String forwardedFor) {
    String home = home(forwardedFor);
    if (home.equals(region)) {
      return NEAR;
    }
    if (home.equals("eu") || region.equals("eu")) {
      return home.equals("asia") || region.equals("asia") ? EURASIA : ATLANTIC;
    }
    return PACIFIC;
  }

  private static String home(String forwardedFor) {
    if (forwardedFor.startsWith("198.51.100.")) {
      return "us";
    }
    return forwardedFor.startsWith("203.0.113.") ? "asia" : "eu";
  }
}
