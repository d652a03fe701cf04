package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Change;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.cell.RegionPhase;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Phase;
import app.avalo.gateway.filter.pin.cell.Stamp;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What has to be written next, from one map and what is known of the gateways. Every gateway asks;
 * the store lets one of equal answers through. Pure.
 *
 * <p>A line that closes something has effect for a mover only at {@link Sight#safe} or below: then
 * no gateway can hold a lease by an older map.
 */
final class Rules {
  private final PinMap map;
  private final Sight sight;
  private final Outlook outlook;

  /**
   * What one gateway knows beside the map.
   *
   * @param safe highest version that binds everybody: it is a lease wait old here, or acknowledged
   *     by all
   * @param live gateways with a vote, by name
   * @param majority votes needed; more than there are when too few of the known gateways live
   * @param calm whether no region was evicted within the last minute
   * @param nowMillis wall clock
   */
  record Sight(
      long safe, Map<String, Peers.Word> live, int majority, boolean calm, long nowMillis) {
    boolean doubted(int region) {
      return live.values().stream().anyMatch(word -> word.suspects().contains(region));
    }

    boolean suspected(int region) {
      return agreed(word -> word.suspects().contains(region));
    }

    /**
     * A verdict counts if it was given after the suspicion, not if it was left over from before.
     */
    boolean convicted(int region, Stamp suspicion) {
      return agreed(word -> word.knows(suspicion) && word.convicts().contains(region));
    }

    private boolean agreed(Predicate<Peers.Word> vote) {
      return live.values().stream().filter(vote).count() >= majority;
    }
  }

  Rules(PinMap map, Sight sight, Outlook outlook) {
    this.map = map;
    this.sight = sight;
    this.outlook = outlook;
  }

  /** The next commit, or null if all is as it should be. */
  @Nullable Change next() {
    for (int region : outlook.regions()) {
      Change change = region(region, map.region(region));
      if (change != null) {
        return change;
      }
    }
    return landings();
  }

  private @Nullable Change region(int index, RegionPhase now) {
    return switch (now.phase()) {
      case ACTIVE, DRAINING, FAILBACK -> suspicion(index, now);
      case LEASEOUT -> verdict(index, now);
      case EVICTED, EMPTY -> evacuation(index, now, now, "stray cells leave " + index);
    };
  }

  private @Nullable Change suspicion(int index, RegionPhase now) {
    if (map.frozen() || !sight.suspected(index) || !bearable(index)) {
      return null;
    }
    Change change = new Change(map.version() + 1, "suspected by a quorum: region " + index);
    RegionPhase.Course course =
        new RegionPhase.Course(now.course().batch(), now.course().most(), now.course().to(), "");
    change.regions().put(index, now.leasedOut(change.version(), sight.nowMillis(), course));
    return change;
  }

  /** The panic rule: who is left can carry the load, and not two regions die at once. */
  private boolean bearable(int lost) {
    double all = 0;
    double left = 0;
    for (int region : outlook.regions()) {
      double weight = outlook.weight(region);
      all += weight;
      left += region != lost && map.region(region).phase().open() ? weight : 0;
    }
    return sight.calm() && left * 2 >= all;
  }

  private @Nullable Change verdict(int index, RegionPhase now) {
    if (now.automatic() && !sight.suspected(index)) {
      Change change = new Change(map.version() + 1, "false alarm: region " + index);
      change.regions().put(index, now.again(change.version(), sight.nowMillis()));
      return change;
    }
    Stamp suspicion = new Stamp(map.stamp().incarnation(), now.changed());
    if (now.automatic() && (map.frozen() || !sight.convicted(index, suspicion))) {
      return null;
    }
    RegionPhase next = now.evicted(map.version() + 1, sight.nowMillis());
    String by = now.automatic() ? "the quorum of " + sight.live().keySet() : now.course().by();
    return evacuation(index, now, next, "region " + index + " evicted by " + by);
  }

  /** Moves everything out of a region that has been closed long enough. */
  private @Nullable Change evacuation(int index, RegionPhase now, RegionPhase next, String note) {
    if (now.changed() > sight.safe() || next == now && isVacant(index)) {
      return null;
    }
    Change change = new Change(map.version() + 1, note);
    map.each(
        outlook.regions(),
        (key, owner) -> {
          if (owner.region() == index) {
            int to = destination(key, index, now.course().to());
            if (to >= 0) {
              change.owners().put(key, Owner.moved(to, change.version()));
            }
          }
        });
    if (next != now && (!change.owners().isEmpty() || isVacant(index))) {
      change.regions().put(index, next);
    }
    return change.isEmpty() ? null : change;
  }

  private boolean isVacant(int index) {
    return !map.population(outlook.regions()).containsKey(index);
  }

  /** Closed cells whose time has come. They get a new epoch even where they go nowhere. */
  private @Nullable Change landings() {
    if (!map.restless()) {
      return null;
    }
    Change change = new Change(map.version() + 1, "cells land");
    map.each(
        outlook.regions(),
        (key, owner) -> {
          if (owner.moving() && owner.changed() <= sight.safe()) {
            int to = landing(key, owner);
            if (to >= 0) {
              change.owners().put(key, Owner.moved(to, change.version()));
            }
          }
        });
    return change.isEmpty() ? null : change;
  }

  private int landing(CellKey key, Owner owner) {
    if (open(owner.to())) {
      return owner.to();
    }
    return open(owner.region()) ? owner.region() : destination(key, owner.region(), -1);
  }

  private boolean open(int region) {
    return map.region(region).phase().open() && serves(region);
  }

  private boolean serves(int region) {
    for (int known : outlook.regions()) {
      if (known == region) {
        return true;
      }
    }
    return false;
  }

  int destination(CellKey key, int from, int wanted) {
    return destination(map, outlook, key, from, wanted);
  }

  /**
   * Where a cell goes: as wanted, else home, else to the region that weighs most in a rendezvous of
   * cell and region; -1 if nowhere.
   */
  static int destination(PinMap map, Outlook outlook, CellKey key, int from, int wanted) {
    int best = -1;
    double highest = Double.NEGATIVE_INFINITY;
    for (int region : outlook.regions()) {
      Phase phase = map.region(region).phase();
      boolean fit =
          region != from
              && (phase == Phase.ACTIVE || phase == Phase.FAILBACK)
              && !outlook.suspects().contains(region)
              && outlook.allowed(key.home(), region);
      if (!fit) {
        continue;
      }
      double score =
          region == wanted
              ? Double.POSITIVE_INFINITY
              : region == key.home() ? Double.MAX_VALUE : rendezvous(key, region, outlook);
      if (score > highest) {
        highest = score;
        best = region;
      }
    }
    return best;
  }

  private static double rendezvous(CellKey key, int region, Outlook outlook) {
    long bits = key.home() * 0x9E3779B97F4A7C15L ^ key.cell() * 0xC2B2AE3D27D4EB4FL;
    bits = (bits ^ bits >>> 32 ^ (region + 1) * 0x165667B19E3779F9L) * 0xD6E8FEB86659FD93L;
    bits = (bits ^ bits >>> 32) * 0xD6E8FEB86659FD93L;
    double uniform = ((bits >>> 11) + 0.5) * 0x1.0p-53;
    return -outlook.weight(region) / Math.log(uniform);
  }
}
