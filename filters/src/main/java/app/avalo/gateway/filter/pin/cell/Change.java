package app.avalo.gateway.filter.pin.cell;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one commit writes.
 *
 * @param version of the map afterwards
 * @param note why, for the history
 * @param owners by cell
 * @param regions by index
 * @param freeze whether nobody but an operator may move anything, or null for no change
 */
public record Change(
    long version,
    String note,
    Map<CellKey, Owner> owners,
    Map<Integer, RegionPhase> regions,
    @Nullable Boolean freeze) {

  /** A change of owners and regions, empty to begin with. */
  public Change(long version, String note) {
    this(version, note, new HashMap<>(), new HashMap<>(), null);
  }

  /** The change as the store keeps it. */
  public Map<String, String> fields() {
    Map<String, String> fields = new HashMap<>();
    owners.forEach((key, owner) -> fields.put("c:" + key.text(), owner.text()));
    regions.forEach((index, phase) -> fields.put("r:" + index, phase.text()));
    if (freeze != null) {
      fields.put("f", version + "|" + freeze);
    }
    return fields;
  }

  public boolean isEmpty() {
    return owners.isEmpty() && regions.isEmpty() && freeze == null;
  }
}
