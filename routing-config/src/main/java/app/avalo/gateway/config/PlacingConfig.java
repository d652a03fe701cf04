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
 * @param latency what round trips are measured from and for
 */
public record PlacingConfig(
    @Nullable Path database,
    @Nullable String header,
    List<Range> ranges,
    List<String> order,
    List<Residency> residency,
    Latency latency) {

  /** Placing without a word about latency. */
  public PlacingConfig(
      @Nullable Path database,
      @Nullable String header,
      List<Range> ranges,
      List<String> order,
      List<Residency> residency) {
    this(database, header, ranges, order, residency, Latency.DEFAULT);
  }

  /**
   * From where round trips count, and what they tell.
   *
   * @param networks MaxMind GeoLite2 or GeoIP2 file (ASN or ISP), so that what one caller measures
   *     serves all of its network, read again when it changes; or null
   * @param here region in which this gateway stands, or null when it stands in none
   * @param nearestTo whose round trips decide about requests that are forwarded; default {@link
   *     NearestTo#CALLER}
   */
  public record Latency(@Nullable Path networks, @Nullable String here, NearestTo nearestTo) {
    public static final Latency DEFAULT = new Latency(null, null, NearestTo.CALLER);
  }

  /** Whose round trips decide. */
  public enum NearestTo {
    /** The caller's: its data lives near it, and this gateway may stand anywhere. */
    CALLER,
    /** The gateway's own: whoever reaches it is near it already. */
    GATEWAY
  }

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
