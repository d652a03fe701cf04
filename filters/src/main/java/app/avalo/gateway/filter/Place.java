package app.avalo.gateway.filter;

import org.jspecify.annotations.Nullable;

/**
 * Where a caller is, as far as anybody knows.
 *
 * @param country ISO 3166 code, or null
 * @param latitude degrees north, NaN when unknown
 * @param longitude degrees east, NaN when unknown
 * @param source what told us
 */
public record Place(@Nullable String country, double latitude, double longitude, Source source) {
  public static final Place UNKNOWN = new Place(null, Double.NaN, Double.NaN, Source.NONE);

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
}
