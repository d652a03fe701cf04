package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Change;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.cell.RegionPhase;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Course;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Phase;
import java.util.HashMap;
import org.jspecify.annotations.Nullable;

/**
 * A wish of an operator: what to write into a map so that it comes true. It waits for leases like
 * everything else.
 */
@FunctionalInterface
public interface Order {
  /** Users apart from their cells; more are refused. */
  int MOST_APART = 10_000;

  /** Users of the first batch where nothing else is said. */
  int BATCH = 500;

  /** The change, or null where there is nothing to do or it is not possible now. */
  @Nullable Change on(PinMap map, long nowMillis);

  /** What became of an order. */
  enum Result {
    /** Written. What it begins may take some seconds. */
    DONE,
    /** The map does not allow it, or is so already. */
    NOTHING,
    /** The store does not answer; it may have been written. */
    UNKNOWN
  }

  /** Gives a region up at once: everybody leaves it when its leases have ended. */
  static Order giveUp(int region, int to, String by) {
    return (map, nowMillis) -> {
      RegionPhase now = map.region(region);
      Change change = new Change(map.version() + 1, "region " + region + " given up by " + by);
      Course course = new Course(0, 0, to, by);
      change.regions().put(region, now.leasedOut(change.version(), nowMillis, course));
      return now.phase() == Phase.LEASEOUT && !now.automatic() ? null : change;
    };
  }

  /** Empties a region in batches. */
  static Order drain(int region, int to, int batch, String by) {
    return (map, nowMillis) ->
        map.region(region).phase().open()
            ? turn(map, nowMillis, region, Phase.DRAINING, new Course(batch, batch, to, by))
            : null;
  }

  /**
   * Brings everybody home to a region in batches, lets a stopped drain or failback go on, or takes
   * back a giving up that has not happened yet.
   */
  static Order resume(int region, String by) {
    return (map, nowMillis) -> {
      RegionPhase now = map.region(region);
      boolean stopped = now.phase() == Phase.DRAINING && now.course().batch() == 0;
      return switch (now.phase()) {
        case ACTIVE -> null;
        case LEASEOUT -> now.automatic() ? null : takenBack(map, nowMillis, region, by);
        case EVICTED, EMPTY, FAILBACK, DRAINING ->
            turn(
                map,
                nowMillis,
                region,
                stopped ? Phase.DRAINING : Phase.FAILBACK,
                new Course(
                    stopped ? now.course().most() : BATCH,
                    stopped ? now.course().most() : BATCH,
                    stopped ? now.course().to() : -1,
                    by));
      };
    };
  }

  /** A region that was given up but that nobody could leave. */
  private static Change takenBack(PinMap map, long nowMillis, int region, String by) {
    Change change = new Change(map.version() + 1, "region " + region + " taken back by " + by);
    change.regions().put(region, map.region(region).again(change.version(), nowMillis));
    return change;
  }

  /** Stops a drain or failback after the batch under way. */
  static Order stop(int region, String by) {
    return (map, nowMillis) -> {
      RegionPhase now = map.region(region);
      boolean runs = now.phase() == Phase.DRAINING || now.phase() == Phase.FAILBACK;
      return runs
          ? turn(
              map,
              nowMillis,
              region,
              now.phase(),
              new Course(0, now.course().most(), now.course().to(), by))
          : null;
    };
  }

  /** Turns a drain or failback round: who has left comes back. */
  static Order abort(int region, String by) {
    return (map, nowMillis) ->
        switch (map.region(region).phase()) {
          case DRAINING ->
              turn(map, nowMillis, region, Phase.FAILBACK, new Course(BATCH, BATCH, -1, by));
          case FAILBACK ->
              turn(map, nowMillis, region, Phase.DRAINING, new Course(BATCH, BATCH, -1, by));
          case ACTIVE, LEASEOUT, EVICTED, EMPTY -> null;
        };
  }

  private static Change turn(PinMap map, long nowMillis, int region, Phase to, Course course) {
    String note = "region " + region + " " + to + " by " + course.by();
    Change change = new Change(map.version() + 1, note);
    RegionPhase next = map.region(region).in(to, change.version(), nowMillis, course);
    change.regions().put(region, next);
    return change;
  }

  /** Moves one cell, or one user apart from the cell. */
  static Order move(CellKey key, int to, String by) {
    return (map, nowMillis) -> {
      Owner now = map.owner(key);
      boolean full = key.apart() && map.apart() >= MOST_APART;
      if (full || now.moving() || now.region() == to || !map.region(to).phase().open()) {
        return null;
      }
      Change change = new Change(map.version() + 1, key + " to region " + to + " by " + by);
      change.owners().put(key, now.closed(to, change.version()));
      return change;
    };
  }

  /** Lets nobody but operators begin to move anything, or lifts that. */
  static Order freeze(boolean on, String by) {
    return (map, nowMillis) ->
        map.frozen() == on
            ? null
            : new Change(
                map.version() + 1,
                (on ? "frozen by " : "unfrozen by ") + by,
                new HashMap<>(),
                new HashMap<>(),
                on);
  }
}
