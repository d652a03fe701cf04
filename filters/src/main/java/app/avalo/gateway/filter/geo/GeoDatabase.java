package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import com.maxmind.db.MaxMindDbConstructor;
import com.maxmind.db.MaxMindDbParameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Address to place, from one GeoIP file. Decodes the few fields of a record that matter, which
 * costs half of what the library's own models cost. Immutable and safe from every thread.
 *
 * @param file City, Country or Enterprise
 */
record GeoDatabase(MaxMindFile<Entry> file) {

  /**
   * What is read of a record.
   *
   * @param country where the address is used
   * @param location absent in Country databases
   */
  public record Entry(
      @MaxMindDbParameter(name = "country") @Nullable Country country,
      @MaxMindDbParameter(name = "location") @Nullable Location location) {
    @MaxMindDbConstructor
    public Entry {}
  }

  /**
   * A country.
   *
   * @param code ISO 3166
   */
  public record Country(@MaxMindDbParameter(name = "iso_code") @Nullable String code) {
    @MaxMindDbConstructor
    public Country {}
  }

  /**
   * A position.
   *
   * @param latitude degrees north
   * @param longitude degrees east
   * @param radiusKm how far off they may be
   */
  public record Location(
      @MaxMindDbParameter(name = "latitude") @Nullable Double latitude,
      @MaxMindDbParameter(name = "longitude") @Nullable Double longitude,
      @MaxMindDbParameter(name = "accuracy_radius") @Nullable Integer radiusKm) {
    @MaxMindDbConstructor
    public Location {}
  }

  /**
   * Reads and checks a file; blocks.
   *
   * @throws IOException if it cannot be read or is not a usable City or Country database
   */
  static GeoDatabase open(Path file) throws IOException {
    return new GeoDatabase(
        MaxMindFile.open(
            file,
            Entry.class,
            List.of("City", "Country", "Enterprise"),
            "a City or Country database"));
  }

  /**
   * The place of an address.
   *
   * @throws IOException if the record is corrupt; nothing else is ever thrown
   */
  Place locate(IpAddress address) throws IOException {
    Entry entry = file.get(address);
    return entry == null ? Place.UNKNOWN : place(entry);
  }

  private static Place place(Entry entry) {
    Country country = entry.country();
    Location location = entry.location();
    Integer radius = location == null ? null : location.radiusKm();
    return Countries.place(
            country == null ? null : country.code(),
            location == null ? Double.NaN : orNaN(location.latitude()),
            location == null ? Double.NaN : orNaN(location.longitude()),
            Place.Source.DATABASE)
        .within(radius == null ? 0 : radius);
  }

  private static double orNaN(@Nullable Double degrees) {
    return degrees == null ? Double.NaN : degrees;
  }
}
