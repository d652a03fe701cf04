package app.avalo.gateway.filter.pin.keep;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.MapStore;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Phase;
import app.avalo.gateway.filter.pin.cell.Register;
import app.avalo.gateway.filter.pin.cell.Stamp;
import app.avalo.gateway.filter.time.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A region of 100,000 users leaves and comes home under load, by the production classes. */
class DrainTest implements Ticker, Outlook, MapStore {
  private static final int USERS = 100_000;
  private static final int PER_CELL = 1 + USERS / CellKey.CELLS;

  private final VirtualTime time = new VirtualTime();
  private final Register register = new Register("life");
  private final SplittableRandom random = new SplittableRandom(5);
  private final Set<Integer> badly = new TreeSet<>();
  private final List<Long> batchMillis = new ArrayList<>();
  private final List<Integer> cellsInOrder = new ArrayList<>();
  private final List<Integer> batchUsers = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private final long[] fences = new long[USERS];
  private long longestWaitMillis;
  private long served;
  private boolean ready = true;
  private Keeper one;
  private Keeper two;

  @BeforeEach
  void start() {
    one = Keeper.of("one", this, this, this, Runnable::run);
    two = Keeper.of("two", this, this, this, Runnable::run);
    tick(one);
    tick(two);
    time.runUntil(VirtualTime.millis(3000));
    arrive();
  }

  private void tick(Keeper keeper) {
    keeper.beat();
    time.after(VirtualTime.millis(keeper.restless() ? 50 : 250), () -> tick(keeper));
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
    if (view.mayWrite(owner, nanos())) {
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
    badly.add(1);
    one.order(Order.drain(0, -1, 2000, "op"), result -> {});
    time.runUntil(time.nanos() + VirtualTime.millis(60_000));

    assertThat(map().region(0).course().batch()).isZero();
    assertThat(batchUsers).hasSize(3).isSortedAccordingTo((a, b) -> b - a);
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

    assertThat(map().population(regions())).containsEntry(0, CellKey.CELLS);
    assertThat(errors).isEmpty();
  }

  @Test
  void nobodyComesHomeBeforeTheServiceIsReady() {
    one.order(Order.drain(0, -1, 100_000, "op"), result -> {});
    runUntil(Phase.EMPTY);
    ready = false;
    one.order(Order.resume(0, "op"), result -> {});
    time.runUntil(time.nanos() + VirtualTime.millis(60_000));
    assertThat(map().population(regions())).doesNotContainKey(0);

    ready = true;
    runUntil(Phase.ACTIVE);

    assertThat(map().population(regions())).containsEntry(0, CellKey.CELLS);
  }

  @Override
  public long nanos() {
    return time.nanos();
  }

  @Override
  public long epochMillis() {
    return time.nanos() / 1_000_000;
  }

  @Override
  public Iterable<Integer> regions() {
    return List.of(0, 1, 2);
  }

  @Override
  public double weight(int region) {
    return 1;
  }

  @Override
  public boolean allowed(int home, int region) {
    return true;
  }

  @Override
  public Set<Integer> suspects() {
    return Set.of();
  }

  @Override
  public Set<Integer> convicts() {
    return Set.of();
  }

  @Override
  public boolean ready(int region) {
    return ready;
  }

  @Override
  public Fare fare(int region) {
    return badly.contains(region) ? Fare.BADLY : Fare.WELL;
  }

  @Override
  public int users(CellKey cell) {
    return cell.home() == 0 ? PER_CELL : 1;
  }

  @Override
  public void beat(String gateway, String word, Stamp known, Consumer<@Nullable Reading> answer) {
    time.after(
        VirtualTime.millis(1),
        () -> {
          Reading reading = register.beat(gateway, word, known);
          time.after(VirtualTime.millis(1), () -> answer.accept(reading));
        });
  }

  @Override
  public void commit(
      Stamp expected,
      long version,
      Map<String, String> fields,
      String note,
      Consumer<Outcome> answer) {
    time.after(
        VirtualTime.millis(1),
        () -> {
          Outcome outcome = register.commit(expected, version, fields, note);
          if (outcome == Outcome.DONE && note.endsWith("DRAINING")) {
            closed(fields);
          }
          time.after(VirtualTime.millis(1), () -> answer.accept(outcome));
        });
  }

  private void closed(Map<String, String> fields) {
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

  @Override
  public void history(int limit, Consumer<@Nullable List<String>> answer) {
    answer.accept(register.history(limit));
  }
}
