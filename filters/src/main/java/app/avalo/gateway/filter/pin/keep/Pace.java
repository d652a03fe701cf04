package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Change;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.cell.RegionPhase;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Course;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Phase;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Brings cells home and empties regions, batch by batch in the order of cells. Asked by the leading
 * gateway only. What it remembers is how long things have been so; the progress itself is in the
 * map, so that another gateway can go on.
 *
 * <p>A batch begins {@link #WATCH_NANOS} after the last one has landed. It is half as large as that
 * if those who moved fare badly, else twice, up to the size ordered; the third bad one in a row
 * stops it.
 */
final class Pace {
  static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long HEALTHY_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(30);
  private static final int SMALLEST = 50;
  private static final int MOST_BAD = 3;

  /** Who ordered what a region itself asks for. */
  private static final String ITSELF = "the region itself";

  private final Outlook outlook;
  private final Map<Integer, Long> healthySince = new HashMap<>();
  private final Map<Integer, Batch> batches = new HashMap<>();

  /** One region's batch under way, or the last. */
  private static final class Batch {
    boolean landed;
    long landedNanos;
    int bad;
  }

  Pace(Outlook outlook) {
    this.outlook = outlook;
  }

  /** What to write next, or null. */
  @Nullable Change next(PinMap map, Rules.Sight sight, long nowNanos) {
    for (int region : outlook.regions()) {
      RegionPhase now = map.region(region);
      Change change =
          switch (now.phase()) {
            case EVICTED -> now.automatic() ? recovery(map, region, sight, nowNanos) : null;
            case FAILBACK, DRAINING -> batch(map, region, sight, nowNanos);
            case ACTIVE -> outlook.leaving(region) ? left(map, region, sight) : null;
            case EMPTY -> asked(now) ? recovery(map, region, sight, nowNanos) : null;
            case LEASEOUT -> null;
          };
      if (change != null && (!map.frozen() || isOrdered(now))) {
        return change;
      }
    }
    return null;
  }

  /** Whether an operator has it under way, whom a freeze does not stop. */
  private static boolean isOrdered(RegionPhase now) {
    boolean under = now.phase() == Phase.DRAINING || now.phase() == Phase.FAILBACK;
    return under && !now.automatic() && !asked(now);
  }

  /** Begins to empty a region that asks for it. */
  private static @Nullable Change left(PinMap map, int region, Rules.Sight sight) {
    return Order.drain(region, -1, Order.BATCH, ITSELF).on(map, sight.nowMillis());
  }

  private static boolean asked(RegionPhase now) {
    return now.course().by().equals(ITSELF);
  }

  private @Nullable Change recovery(PinMap map, int region, Rules.Sight sight, long nowNanos) {
    if (sight.doubted(region) || outlook.leaving(region)) {
      healthySince.remove(region);
      return null;
    }
    Long since = healthySince.putIfAbsent(region, nowNanos);
    RegionPhase now = map.region(region);
    int again = Math.max(0, Math.min(now.evictions() - 1, 8));
    long needed = Math.min(HEALTHY_NANOS << again & Long.MAX_VALUE, LONGEST_NANOS);
    if (since == null || nowNanos - since < needed || !outlook.ready(region)) {
      return null;
    }
    healthySince.remove(region);
    Change change = new Change(map.version() + 1, "failback to region " + region);
    Course course = new Course(Order.BATCH, Order.BATCH, -1, "");
    change
        .regions()
        .put(region, now.in(Phase.FAILBACK, change.version(), sight.nowMillis(), course));
    return change;
  }

  private @Nullable Change batch(PinMap map, int region, Rules.Sight sight, long nowNanos) {
    RegionPhase now = map.region(region);
    Batch batch = batches.get(region);
    if (now.course().batch() == 0 || map.restless()) {
      return null;
    }
    if (batch == null) {
      return ready(region, now, sight)
          ? begun(map, region, now, now.course().batch(), sight)
          : null;
    }
    if (!batch.landed) {
      batch.landed = true;
      batch.landedNanos = nowNanos;
    }
    if (nowNanos - batch.landedNanos < WATCH_NANOS || !ready(region, now, sight)) {
      return null;
    }
    boolean well = fare(region, now) == Outlook.Fare.WELL;
    batch.bad = well ? 0 : batch.bad + 1;
    int size = now.course().batch();
    int next = well ? Math.min(now.course().most(), size * 2) : Math.max(SMALLEST, size / 2);
    return begun(map, region, now, batch.bad >= MOST_BAD ? 0 : next, sight);
  }

  /** Nobody comes home to a region of which some gateway is not sure yet, whoever ordered it. */
  private boolean ready(int region, RegionPhase now, Rules.Sight sight) {
    return now.phase() == Phase.DRAINING || !sight.doubted(region) && outlook.ready(region);
  }

  private Outlook.Fare fare(int region, RegionPhase now) {
    if (now.phase() == Phase.FAILBACK) {
      return outlook.fare(region);
    }
    for (int other : outlook.regions()) {
      if (other != region && outlook.fare(other) == Outlook.Fare.BADLY) {
        return Outlook.Fare.BADLY;
      }
    }
    return Outlook.Fare.WELL;
  }

  private @Nullable Change begun(
      PinMap map, int region, RegionPhase now, int size, Rules.Sight sight) {
    String note = "region " + region + " " + now.phase();
    if (size == 0) {
      Change change = new Change(map.version() + 1, note + " stopped: who moved fares badly");
      batches.remove(region);
      change.regions().put(region, now.pacedAt(0, change.version()));
      return change;
    }
    Change change = new Change(map.version() + 1, note);
    int[] users = new int[1];
    boolean home = now.phase() == Phase.FAILBACK;
    map.each(
        outlook.regions(),
        (key, owner) -> {
          int to = home ? homeward(key, owner, region) : away(map, key, owner, region, now);
          if (to >= 0 && users[0] < size) {
            users[0] += key.apart() ? 1 : outlook.users(key);
            change.owners().put(key, owner.closed(to, change.version()));
          }
        });
    if (users[0] > 0) {
      Batch batch = batches.computeIfAbsent(region, first -> new Batch());
      batch.landed = false;
      change.regions().put(region, now.pacedAt(size, change.version()));
      return change;
    }
    return finished(map, region, now, change, sight);
  }

  private @Nullable Change finished(
      PinMap map, int region, RegionPhase now, Change change, Rules.Sight sight) {
    boolean left = map.population(outlook.regions()).containsKey(region);
    if (now.phase() == Phase.DRAINING && left) {
      return null; // nowhere to go; it goes on when there is
    }
    batches.remove(region);
    Phase next = now.phase() == Phase.FAILBACK ? Phase.ACTIVE : Phase.EMPTY;
    boolean itself = next == Phase.EMPTY && asked(now);
    Course over = itself ? new Course(0, 0, -1, ITSELF) : Course.NONE;
    change.regions().put(region, now.in(next, change.version(), sight.nowMillis(), over));
    return change;
  }

  private static int homeward(CellKey key, Owner owner, int home) {
    return key.home() == home && owner.region() != home && !key.apart() ? home : -1;
  }

  private int away(PinMap map, CellKey key, Owner owner, int from, RegionPhase now) {
    return owner.region() == from
        ? Rules.destination(map, outlook, key, from, now.course().to())
        : -1;
  }
}
