package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.unit.IpAddress;
import com.maxmind.db.MaxMindDbConstructor;
import com.maxmind.db.MaxMindDbParameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Address to the number of its autonomous system, from one ASN or ISP file. Immutable and safe from
 * every thread.
 *
 * @param file ASN or ISP
 */
record NetworkDatabase(MaxMindFile<Entry> file) {

  /**
   * What is read of a record.
   *
   * @param number of the autonomous system
   */
  public record Entry(
      @MaxMindDbParameter(name = "autonomous_system_number") @Nullable Long number) {
    @MaxMindDbConstructor
    public Entry {}
  }

  /**
   * Reads and checks a file; blocks.
   *
   * @throws IOException if it cannot be read or is not a usable ASN or ISP database
   */
  static NetworkDatabase open(Path file) throws IOException {
    return new NetworkDatabase(
        MaxMindFile.open(file, Entry.class, List.of("ASN", "ISP"), "an ASN or ISP database"));
  }

  /**
   * The number of an address's network, 0 when unknown.
   *
   * @throws IOException if the record is corrupt; nothing else is ever thrown
   */
  int number(IpAddress address) throws IOException {
    Entry entry = file.get(address);
    Long number = entry == null ? null : entry.number();
    return number == null ? 0 : number.intValue();
  }
}
