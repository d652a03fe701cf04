package app.avalo.gateway.filter.pin.keep;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A region of 100,000 users leaves and comes home under load, by the production classes. */
class DrainTest {
  private static final int USERS = 100_000;
  private static final int PER_CELL = 1 + USERS / CellKey.CELLS;

  private final CalmWorld world = new CalmWorld();
  private final VirtualTime time = world.time;
  private final SplittableRandom random = new SplittableRandom(5);
  private final List<Long> batchMillis = new ArrayList<>();
  private final List<Integer> cellsInOrder = new ArrayList<>();
  private final List<Integer> batchUsers = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private final long[] fences = new long[USERS];
  private long longestWaitMillis;
  private long served;
  private Keeper one;
  private Keeper two;

  @BeforeEach
  void start() {
    world.usersPerCell = PER_CELL;
    world.commits = this::committed;
    one = world.gateway("one");
    two = world.gateway("two");
    time.runUntil(VirtualTime.millis(3000));
    arrive();
  }

  private void committed(String note, Map<String, String> fields) {
    if (!note.endsWith("DRAINING")) {
      return;
    }
    List<Integer> cells = new ArrayList<>();
    fields
        .keySet()
        .forEach(
            name -> {
              if (name.startsWith("c:0:")) {
                cells.add(Integer.parseInt(name.substring(4)));
              }
            });
    cells.sort(null);
    cellsInOrder.addAll(cells);
    if (!cells.isEmpty()) {
      batchMillis.add(time.nanos() / 1_000_000);
      batchUsers.add(cells.size() * PER_CELL);
    }
  }

  private void arrive() {
    int user = random.nextInt(USERS);
    write(random.nextBoolean() ? one : two, user, time.nanos());
    time.after(VirtualTime.millis(5), this::arrive);
  }

  private void write(Keeper by, int user, long sinceNanos) {
    View view = by.view();
    Owner owner = view.map().owner(0, user, user);
    long waitedMillis = (time.nanos() - sinceNanos) / 1_000_000;
    longestWaitMillis = Math.max(longestWaitMillis, waitedMillis);
    if (view.mayWrite(owner, time.nanos())) {
      time.after(VirtualTime.millis(1 + random.nextInt(80)), () -> book(user, owner));
    } else if (waitedMillis < 2000) {
      time.after(VirtualTime.millis(10), () -> write(by, user, sinceNanos));
    } else {
      errors.add("user " + user + " waited 2 s");
    }
  }

  private void book(int user, Owner owner) {
    if (owner.epoch() < fences[user]) {
      errors.add("user " + user + " refused by the fence");
    }
    fences[user] = Math.max(fences[user], owner.epoch());
    served++;
  }

  @Test
  void everybodyLeavesInBatchesOfFiveHundredWithoutAnError() {
    one.order(Order.drain(0, -1, 500, "op"), result -> {});
    runUntil(Phase.EMPTY);

    assertThat(errors).isEmpty();
    assertThat(served).isGreaterThan(10_000);
    assertThat(longestWaitMillis).isLessThan(600);
    assertThat(cellsInOrder).isSorted().hasSize(CellKey.CELLS);
    assertThat(batchUsers).allMatch(users -> users < 500 + PER_CELL);
    for (int i = 1; i < batchMillis.size(); i++) {
      assertThat(batchMillis.get(i) - batchMillis.get(i - 1)).isBetween(5_000L, 6_000L);
    }
    assertThat(batchMillis).hasSizeBetween(150, 200);
  }

  private void runUntil(Phase phase) {
    for (int minute = 0; minute < 60 && map().region(0).phase() != phase; minute++) {
      time.runUntil(time.nanos() + VirtualTime.millis(60_000));
    }
    assertThat(map().region(0).phase()).isEqualTo(phase);
  }

  private PinMap map() {
    return one.view().map();
  }

  @Test
  void batchesShrinkWhileTheMovedFareBadlyAndTheThirdStops() {
    world.badly.add(1);
    one.order(Order.drain(0, -1, 2000, "op"), result -> {});
    time.runUntil(time.nanos() + VirtualTime.millis(60_000));

    assertThat(map().region(0).course().batch()).isZero();
    assertThat(batchUsers).hasSize(3).isSortedAccordingTo((a, b) -> b - a);
    assertThat(errors).isEmpty();
    List<String> notes = new ArrayList<>();
    one.history(1, notes::addAll);
    assertThat(notes.get(0)).contains("region 0 DRAINING stopped: who moved fares badly");
  }

  @Test
  void aFreezeStopsBatchesOfTheGatewaysAndNotThoseOfAnOperator() {
    one.order(Order.freeze(true, "op"), result -> {});
    world.leaving.add(0);
    time.runUntil(time.nanos() + VirtualTime.millis(20_000));
    assertThat(map().region(0).phase()).as("the region asks").isEqualTo(Phase.ACTIVE);
    world.leaving.clear();

    one.order(Order.drain(0, -1, 100_000, "op"), result -> {});
    runUntil(Phase.EMPTY);

    assertThat(errors).isEmpty();
  }

  @Test
  void aStoppedDrainGoesOnAndAnAbortedOneComesHome() {
    one.order(Order.drain(0, -1, 5000, "op"), result -> {});
    time.runUntil(time.nanos() + VirtualTime.millis(20_000));
    two.order(Order.stop(0, "op"), result -> {});
    time.runUntil(time.nanos() + VirtualTime.millis(20_000));
    int stoppedAt = batchUsers.size();
    time.runUntil(time.nanos() + VirtualTime.millis(60_000));
    assertThat(batchUsers).hasSize(stoppedAt);

    two.order(Order.resume(0, "op"), result -> {});
    time.runUntil(time.nanos() + VirtualTime.millis(20_000));
    assertThat(batchUsers).hasSizeGreaterThan(stoppedAt);
    two.order(Order.abort(0, "op"), result -> {});
    runUntil(Phase.ACTIVE);

    assertThat(map().population(world.regions())).containsEntry(0, CellKey.CELLS);
    assertThat(errors).isEmpty();
  }

  @Test
  void nobodyComesHomeBeforeTheServiceIsReady() {
    one.order(Order.drain(0, -1, 100_000, "op"), result -> {});
    runUntil(Phase.EMPTY);
    world.ready = false;
    one.order(Order.resume(0, "op"), result -> {});
    time.runUntil(time.nanos() + VirtualTime.millis(60_000));
    assertThat(map().population(world.regions())).doesNotContainKey(0);

    world.ready = true;
    runUntil(Phase.ACTIVE);

    assertThat(map().population(world.regions())).containsEntry(0, CellKey.CELLS);
  }
}
