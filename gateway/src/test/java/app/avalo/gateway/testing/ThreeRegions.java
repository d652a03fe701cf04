package app.avalo.gateway.testing;

import java.util.List;
import java.util.Map;

/**
 * Berlin, San Francisco and Tokyo, each one server on loopback, and what a test needs to say about
 * them in YAML. Only Berlin satisfies the tag {@code gdpr}.
 */
public final class ThreeRegions implements AutoCloseable {
  /** A client near Berlin, in Germany. */
  public static final String BERLIN = "192.0.2.7";

  /** A client near San Francisco, in the United States. */
  public static final String SAN_FRANCISCO = "198.51.100.7";

  /** A client near Tokyo, in Japan. */
  public static final String TOKYO = "203.0.113.7";

  /** A client of a country that no region may serve personal data to. */
  public static final String NOWHERE = "198.18.0.7";

  /** The three regions, quickly checked, and where the clients are. */
  public static final String PLACES =
      """
      regions:
        eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4, residency: [gdpr]}
        us: {index: 1, place: San Francisco, latitude: 37.8, longitude: -122.4}
        asia: {index: 2, place: Tokyo, latitude: 35.7, longitude: 139.7}
      defaults:
        health: {interval: 1s, timeout: 800ms, burstInterval: 50ms, failures: 3, successes: 2}
      placing:
        residency: [{countries: [DE], tag: gdpr}, {countries: [KP], tag: nowhere}]
        ranges:
          - {block: 192.0.2.0/24, country: DE, latitude: 52.5, longitude: 13.4}
          - {block: 198.51.100.0/24, country: US, latitude: 37.8, longitude: -122.4}
          - {block: 203.0.113.0/24, country: JP, latitude: 35.7, longitude: 139.7}
          - {block: 198.18.0.0/24, country: KP, latitude: 39.0, longitude: 125.8}
      """;

  private final Map<String, TestRegion> byName =
      Map.of(
          "eu", TestRegion.start("eu"),
          "us", TestRegion.start("us"),
          "asia", TestRegion.start("asia"));

  public TestRegion eu() {
    return of("eu");
  }

  public TestRegion us() {
    return of("us");
  }

  public TestRegion asia() {
    return of("asia");
  }

  public TestRegion of(String name) {
    TestRegion region = byName.get(name);
    if (region == null) {
      throw new IllegalArgumentException(name + " (expected eu, us or asia)");
    }
    return region;
  }

  public List<TestRegion> all() {
    return List.of(eu(), us(), asia());
  }

  /** The key {@code regions} of a service that is present in all three, in flow style. */
  public String everywhere() {
    return everywhere(eu().port(), us().port(), asia().port());
  }

  /** Likewise, for regions elsewhere. */
  public static String everywhere(int eu, int us, int asia) {
    return "regions: {eu: \"%s\", us: \"%s\", asia: \"%s\"}"
        .formatted(
            RunningGateway.endpoint(eu),
            RunningGateway.endpoint(us),
            RunningGateway.endpoint(asia));
  }

  /** Requests of all three together, checks excepted. */
  public long requests() {
    return all().stream().mapToLong(TestRegion::requests).sum();
  }

  @Override
  public void close() {
    all().forEach(TestRegion::close);
  }
}
