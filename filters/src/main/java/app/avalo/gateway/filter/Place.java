package app.avalo.gateway.filter;

import org.jspecify.annotations.Nullable;

/**
 * Where a caller is, as far as anybody knows.
 *
 * @param country ISO 3166 code, or null
 * @param latitude degrees north, NaN when unknown
 * @param longitude degrees east, NaN when unknown
 * @param radiusKm how far off the position may be; 0 when nobody says
 * @param network number of the autonomous system that the address belongs to, 0 when unknown
 * @param source what told us
 */
public record Place(
    @Nullable String country,
    double latitude,
    double longitude,
    double radiusKm,
    int network,
    Source source) {
  public static final Place UNKNOWN = new Place(null, Double.NaN, Double.NaN, Source.NONE);

  /** A place of which nothing more is known. */
  public Place(@Nullable String country, double latitude, double longitude, Source source) {
    this(country, latitude, longitude, 0, 0, source);
  }

  /** Origin of a place, strongest first. */
  public enum Source {
    /** An address range of the configuration. */
    RANGE,
    /** A header from a trusted hop. */
    HEADER,
    /** The GeoIP database. */
    DATABASE,
    NONE
  }

  public boolean hasPosition() {
    return !Double.isNaN(latitude);
  }

  /** The same place, known to within this distance. */
  public Place within(double radiusKm) {
    return radiusKm == this.radiusKm || !hasPosition()
        ? this
        : new Place(country, latitude, longitude, radiusKm, network, source);
  }

  /** The same place, seen from this network. */
  public Place in(int network) {
    return network == this.network
        ? this
        : new Place(country, latitude, longitude, radiusKm, network, source);
  }
}
