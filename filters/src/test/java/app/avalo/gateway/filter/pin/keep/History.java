package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.cell.Register;
import app.avalo.gateway.filter.pin.cell.Stamp;
import app.avalo.gateway.filter.pin.store.Epoch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What happened in one run, and what of it must never happen. */
final class History {
  private final List<String> violations = new ArrayList<>();
  private final Map<String, Integer> regionOfEpoch = new HashMap<>();
  private final Map<String, Long> highestAccepted = new HashMap<>();
  private final Map<String, Long> committed = new HashMap<>();
  private final Map<Stamp, Integer> maps = new HashMap<>();
  private final Set<Long> acceptedWrites = new HashSet<>();
  private final Connectivity connectivity;
  private final VirtualTime time;
  private long accepted;
  private long refused;
  private long moves;

  /** Who could reach whom, lately. */
  interface Connectivity {
    /** Whether at some moment of the last six seconds a majority of gateways could not reach it. */
    boolean wasLostToMany(int region);
  }

  History(VirtualTime time, Connectivity connectivity) {
    this.time = time;
    this.connectivity = connectivity;
  }

  private void violation(String what) {
    if (violations.size() < 10) {
      violations.add(time.nanos() / 1_000_000 + " ms: " + what);
    }
  }

  List<String> violations() {
    return violations;
  }

  long accepted() {
    return accepted;
  }

  long refused() {
    return refused;
  }

  long moves() {
    return moves;
  }

  /** G3: while one gateway decides to write, no other would write the same cell elsewhere. */
  void decided(CellKey user, Owner owner, List<Integer> elsewhere, String by) {
    for (int other : elsewhere) {
      if (other != owner.region()) {
        violation(
            "G3 " + user + " written to " + owner.region() + " by " + by + " and to " + other);
      }
    }
  }

  /** G1 and G2, at the region. */
  void accepted(CellKey user, long epoch, int region, long write) {
    accepted++;
    Integer before = regionOfEpoch.putIfAbsent(user + "@" + epoch, region);
    if (before != null && before != region) {
      violation("G1 " + user + " epoch " + epoch + " in regions " + before + " and " + region);
    }
    long highest = highestAccepted.getOrDefault(user.toString(), 0L);
    if (epoch < highest) {
      violation("G2 " + user + " accepted epoch " + epoch + " after " + highest);
    }
    highestAccepted.put(user.toString(), Math.max(highest, epoch));
    if (!acceptedWrites.add(write)) {
      violation("duplicate of write " + write + " accepted");
    }
  }

  void refusedOne() {
    refused++;
  }

  /** G2 in the store, and no eviction of a region that most gateways could reach. */
  void committed(Map<String, String> fields, String note) {
    fields.forEach(
        (name, text) -> {
          if (name.startsWith("c:")) {
            long epoch = Long.parseLong(text.substring(0, text.indexOf('|')));
            long before = committed.getOrDefault(name, 0L);
            if (epoch < before) {
              violation("G2 " + name + " committed epoch " + epoch + " after " + before);
            }
            moves += epoch > before && Epoch.counter(epoch) > Owner.FLOOR ? 1 : 0;
            committed.put(name, epoch);
          }
        });
    if (note.contains("evicted by the quorum")) {
      int region = Integer.parseInt(note.replaceAll("^region (\\d+) .*", "$1"));
      if (!connectivity.wasLostToMany(region)) {
        violation("unneeded: " + note);
      }
    }
  }

  void storeRevived(Register register) {
    committed.clear();
    register.each(
        (name, text, version) -> {
          if (name.startsWith("c:")) {
            committed.put(name, Long.parseLong(text.substring(0, text.indexOf('|'))));
          }
        });
  }

  /** G6: equal stamps, equal maps. */
  void looked(PinMap map, List<CellKey> users) {
    int hash = 1;
    for (CellKey user : users) {
      hash = hash * 31 + map.owner(user).hashCode();
    }
    for (int region = 0; region < 3; region++) {
      hash = hash * 31 + map.region(region).hashCode();
    }
    Integer before = maps.putIfAbsent(map.stamp(), hash);
    if (before != null && before != hash) {
      violation("G6 two maps at " + map.stamp());
    }
  }

  /** G5: after the storm. */
  void unserved(CellKey user, String why) {
    violation("G5 " + user + " not served " + why);
  }
}
