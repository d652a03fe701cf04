import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What the journal of accepted writes proves, without any help of the gateways or the fence. G1: an
 * epoch of a cell belongs to one region. G2: the epochs of a user's writes never fall. G3: once a
 * cell was written in one region under a higher epoch, no write for it arrives in another under a
 * lower one, but for what was on the wire.
 */
final class History {
  private static final long WIRE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final List<String> violations = new ArrayList<>();
  private final Map<String, String> regionOfEpoch = new HashMap<>();
  private final Map<String, Long> epochOfUser = new HashMap<>();
  private final Map<String, Ledger.Entry> newestOfCell = new HashMap<>();
  private final Map<String, String> firstRegion = new TreeMap<>();
  private final Map<String, String> moved = new TreeMap<>();
  private final Set<String> keys = new HashSet<>();
  private int stale;
  private int twice;
  private int overlapping;

  /** Judges a journal. */
  static History of(List<Ledger.Entry> journal) {
    History history = new History();
    journal.forEach(history::add);
    return history;
  }

  private void add(Ledger.Entry entry) {
    String owner = regionOfEpoch.putIfAbsent(entry.cell() + "@" + entry.epoch(), entry.region());
    if (owner != null && !owner.equals(entry.region())) {
      violations.add("G1 also in " + owner + ": " + entry);
    }
    if (epochOfUser.merge(entry.user(), entry.epoch(), Math::max) > entry.epoch()) {
      stale++;
      violations.add("G2 after epoch " + epochOfUser.get(entry.user()) + ": " + entry);
    }
    Ledger.Entry newest = newestOfCell.get(entry.cell());
    if (newest == null || newest.epoch() < entry.epoch()) {
      newestOfCell.put(entry.cell(), entry);
    } else if (newest.epoch() > entry.epoch()
        && !newest.region().equals(entry.region())
        && entry.arrivedNanos() - newest.arrivedNanos() > WIRE_NANOS) {
      overlapping++;
      violations.add("G3 after " + newest + ": " + entry);
    }
    if (!keys.add(entry.key())) {
      twice++;
      violations.add("twice: " + entry);
    }
    String first = firstRegion.putIfAbsent(entry.user(), entry.region());
    if (first != null && !first.equals(entry.region())) {
      moved.putIfAbsent(entry.user(), first);
    }
  }

  List<String> violations() {
    return violations;
  }

  /** Writes under a lower epoch than one of the same user before. */
  int stale() {
    return stale;
  }

  /** Writes for a cell by the region that had lost it. */
  int overlapping() {
    return overlapping;
  }

  int twice() {
    return twice;
  }

  boolean holds(String key) {
    return keys.contains(key);
  }

  /** Whether a user's first write was accepted there. */
  boolean livedIn(String user, String region) {
    return region.equals(firstRegion.get(user));
  }

  /** Users who were written in more than one region. */
  int moved() {
    return moved.size();
  }

  /** Those of them who left another region than this one. */
  long unneeded(String lost) {
    return moved.values().stream().filter(first -> !first.equals(lost)).count();
  }
}
