package app.avalo.gateway.filter.pin.cell;

import app.avalo.gateway.filter.pin.store.Epoch;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * All cells of a group of services and their regions at one version. Immutable; equal on all
 * gateways that stand at the same stamp. Two maps join to one that knows what both know.
 */
public final class PinMap {
  /** What is known before anything was read: everybody is at home. */
  public static final PinMap EMPTY = new PinMap(Stamp.NONE, Map.of(), Map.of(), 0, false);

  private final Stamp stamp;
  private final Map<CellKey, Owner> owners;
  private final Map<Integer, RegionPhase> regions;
  private final long freezeChanged;
  private final boolean frozen;
  private final Map<Integer, @Nullable Owner[]> cells = new HashMap<>(); // by home
  private final boolean someApart;
  private final boolean restless;
  private volatile @Nullable Map<Integer, Integer> population; // counted when first asked for

  private PinMap(
      Stamp stamp,
      Map<CellKey, Owner> owners,
      Map<Integer, RegionPhase> regions,
      long freezeChanged,
      boolean frozen) {
    this.stamp = stamp;
    this.owners = owners;
    this.regions = regions;
    this.freezeChanged = freezeChanged;
    this.frozen = frozen;
    boolean apart = false;
    boolean moving = false;
    for (Map.Entry<CellKey, Owner> entry : owners.entrySet()) {
      CellKey key = entry.getKey();
      apart |= key.apart();
      moving |= entry.getValue().moving();
      if (!key.apart()) {
        cells.computeIfAbsent(key.home(), home -> new Owner[CellKey.CELLS])[key.cell()] =
            entry.getValue();
      }
    }
    for (RegionPhase region : regions.values()) {
      moving |= region.phase() == RegionPhase.Phase.LEASEOUT;
    }
    this.someApart = apart;
    this.restless = moving;
  }

  public Stamp stamp() {
    return stamp;
  }

  public long version() {
    return stamp.version();
  }

  public boolean frozen() {
    return frozen;
  }

  /** Where a user is, by home and the hash of its name. */
  public Owner owner(int home, long high, long low) {
    if (someApart) {
      Owner apart = owners.get(CellKey.user(home, high, low));
      if (apart != null) {
        return apart;
      }
    }
    return cell(home, CellKey.cellOf(low));
  }

  /** The name under which {@link #owner(int, long, long)} found the user. */
  public CellKey key(int home, long high, long low) {
    if (someApart) {
      CellKey apart = CellKey.user(home, high, low);
      if (owners.containsKey(apart)) {
        return apart;
      }
    }
    return CellKey.cell(home, CellKey.cellOf(low));
  }

  public Owner cell(int home, int cell) {
    @Nullable Owner[] row = cells.get(home);
    Owner owner = row == null ? null : row[cell];
    return owner == null ? Owner.first(home) : owner;
  }

  public Owner owner(CellKey key) {
    Owner owner = owners.get(key);
    return owner != null ? owner : cell(key.home(), key.cell());
  }

  public RegionPhase region(int index) {
    return Objects.requireNonNullElse(regions.get(index), RegionPhase.FIRST);
  }

  /** Whether the owner's region takes the cell's writes, the reader's lease aside. */
  public boolean open(Owner owner) {
    return !owner.moving() && region(owner.region()).phase().open();
  }

  /** Users who are kept apart from their cells. */
  public int apart() {
    return someApart ? (int) owners.keySet().stream().filter(CellKey::apart).count() : 0;
  }

  /**
   * Visits every cell of the homes, those that never moved included, and what there is besides:
   * users apart, and cells of homes that are no more.
   */
  public void each(Iterable<Integer> homes, BiConsumer<CellKey, Owner> visitor) {
    Set<Integer> visited = new HashSet<>();
    for (int home : homes) {
      visited.add(home);
      for (int cell = 0; cell < CellKey.CELLS; cell++) {
        visitor.accept(CellKey.cell(home, cell), cell(home, cell));
      }
    }
    if (someApart || !visited.containsAll(cells.keySet())) {
      owners.forEach(
          (key, owner) -> {
            if (key.apart() || !visited.contains(key.home())) {
              visitor.accept(key, owner);
            }
          });
    }
  }

  /** The map after a commit. */
  public PinMap with(Change change) {
    Map<CellKey, Owner> nextOwners = new HashMap<>(owners);
    nextOwners.putAll(change.owners());
    Map<Integer, RegionPhase> nextRegions = new HashMap<>(regions);
    nextRegions.putAll(change.regions());
    return new PinMap(
        new Stamp(stamp.incarnation(), change.version()),
        nextOwners,
        nextRegions,
        change.freeze() == null ? freezeChanged : change.version(),
        change.freeze() == null ? frozen : change.freeze());
  }

  /** The map after a reading; lines that nobody could have written are passed over. */
  public PinMap read(MapStore.Reading reading) {
    Map<CellKey, Owner> nextOwners = reading.whole() ? new HashMap<>() : new HashMap<>(owners);
    Map<Integer, RegionPhase> nextRegions =
        reading.whole() ? new HashMap<>() : new HashMap<>(regions);
    long nextFreezeChanged = reading.whole() ? 0 : freezeChanged;
    boolean nextFrozen = !reading.whole() && frozen;
    for (Map.Entry<String, String> field : reading.fields().entrySet()) {
      String name = field.getKey();
      String text = field.getValue();
      try {
        if (name.startsWith("c:")) {
          nextOwners.put(CellKey.parse(name.substring(2)), Owner.parse(text));
        } else if (name.startsWith("r:")) {
          nextRegions.put(Integer.parseInt(name.substring(2)), RegionPhase.parse(text));
        } else if (name.equals("f")) {
          int bar = text.indexOf('|');
          nextFreezeChanged = Long.parseLong(text.substring(0, bar));
          nextFrozen = Boolean.parseBoolean(text.substring(bar + 1));
        }
      } catch (IllegalArgumentException | IndexOutOfBoundsException foreign) {
        // somebody else's line, or a later release's
      }
    }
    return new PinMap(reading.stamp(), nextOwners, nextRegions, nextFreezeChanged, nextFrozen);
  }

  /**
   * What must be written into this map so that it knows what the other knows too. Cells that the
   * other saw move are closed here and move again, because some may be writing by this map.
   */
  public Change learn(PinMap other, String note) {
    long highest = Math.max(version(), other.version());
    for (Owner owner : other.owners.values()) {
      highest = Math.max(highest, Epoch.counter(owner.epoch()));
    }
    long next = highest + 1;
    boolean froze = other.freezeChanged > freezeChanged && other.frozen != frozen;
    Change change =
        new Change(next, note, new HashMap<>(), new HashMap<>(), froze ? other.frozen : null);
    other.owners.forEach(
        (key, theirs) -> {
          Owner ours = owner(key);
          if (ours.epoch() < theirs.epoch() && !isClosedBeyond(ours, theirs.epoch())) {
            change.owners().put(key, ours.closed(theirs.region(), next));
          } else if (ours.epoch() == theirs.epoch() && ours.changed() < theirs.changed()) {
            change.owners().put(key, new Owner(ours.epoch(), next, theirs.to()));
          }
        });
    other.regions.forEach(
        (index, theirs) -> {
          if (region(index).changed() < theirs.changed()) {
            change.regions().put(index, theirs.at(next));
          }
        });
    return change;
  }

  /** Whether the cell's next epoch will be higher than this one anyway. */
  private static boolean isClosedBeyond(Owner owner, long epoch) {
    return owner.moving() && owner.changed() >= Epoch.counter(epoch);
  }

  /**
   * What must be written after an epoch was seen that this map never gave, or null. The cell is
   * closed here and moves to that epoch's region under a still higher one.
   */
  public @Nullable Change witness(CellKey key, long epoch) {
    Owner ours = owner(key);
    if (ours.epoch() >= epoch || isClosedBeyond(ours, epoch)) {
      return null;
    }
    long next = Math.max(version(), Epoch.counter(epoch)) + 1;
    Change change = new Change(next, "witness of " + key + " at " + epoch);
    change.owners().put(key, ours.closed(Epoch.region(epoch), next));
    return change;
  }

  /** Cells and users apart by the index of their region. */
  public Map<Integer, Integer> population(Iterable<Integer> homes) {
    Map<Integer, Integer> known = population;
    if (known == null) {
      Map<Integer, Integer> counts = new TreeMap<>();
      each(homes, (key, owner) -> counts.merge(owner.region(), 1, Integer::sum));
      population = counts;
      known = counts;
    }
    return known;
  }

  /** Whether something is under way that all gateways should hear of soon. */
  public boolean restless() {
    return restless;
  }
}
