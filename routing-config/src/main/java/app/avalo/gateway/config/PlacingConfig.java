package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Cidr;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a caller is, and which regions may serve whom.
 *
 * @param database MaxMind GeoIP2 or GeoLite2 file (City or Country), read again when it changes; or
 *     null
 * @param header request header with an ISO country, believed from trusted hops only; or null
 * @param ranges address blocks with a known place; stronger than header and database
 * @param order region names tried when nothing is known about a caller; default the file's order
 * @param residency data rules by country
 */
public record PlacingConfig(
    @Nullable Path database,
    @Nullable String header,
    List<Range> ranges,
    List<String> order,
    List<Residency> residency) {

  /**
   * A block of addresses at a known place.
   *
   * @param block of client addresses
   * @param country ISO 3166 code, or null
   * @param latitude degrees north
   * @param longitude degrees east
   */
  public record Range(Cidr block, @Nullable String country, double latitude, double longitude) {}

  /**
   * Users of these countries are served only by regions that carry the tag.
   *
   * @param countries ISO 3166 codes
   * @param tag one of {@link RegionConfig#residency()}, or {@link #NOWHERE}
   */
  public record Residency(Set<String> countries, String tag) {
    /** What no region may carry: users of these countries are refused (451). */
    public static final String NOWHERE = "nowhere";
  }
}
