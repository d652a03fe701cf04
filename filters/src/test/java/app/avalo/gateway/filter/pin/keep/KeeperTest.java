package app.avalo.gateway.filter.pin.keep;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Phase;
import app.avalo.gateway.filter.pin.store.Epoch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What gateways that see the same do about it. */
class KeeperTest {
  private static final CellKey CELL = CellKey.cell(0, 7);
  private static final CellKey USER = CellKey.user(0, 1, 7);
  private static final long MINUTE = 60_000;

  private final CalmWorld world = new CalmWorld();
  private Keeper keeper;

  @BeforeEach
  void start() {
    keeper = world.gateway("one");
    world.gateway("two");
    world.pass(3000);
  }

  private Owner owner(CellKey key) {
    return keeper.view().map().owner(key);
  }

  private Phase phase(int region) {
    return keeper.view().map().region(region).phase();
  }

  private Order.Result order(Order order) {
    List<Order.Result> results = new ArrayList<>();
    keeper.order(order, results::add);
    world.pass(2000);
    return results.get(0);
  }

  @Test
  void aRegionThatAsksToBeLeftIsEmptiedAndFilledAgainAfterFiveHealthyMinutes() {
    world.leaving.add(0);
    world.pass(1000);
    assertThat(phase(0)).isEqualTo(Phase.DRAINING);
    assertThat(keeper.view().mayWrite(owner(CellKey.cell(0, 511)), world.nanos()))
        .as("in batches")
        .isTrue();
    world.pass(MINUTE);
    assertThat(phase(0)).isEqualTo(Phase.EMPTY);
    assertThat(owner(CELL).region()).isNotZero();

    long version = keeper.view().map().version();
    world.pass(10 * MINUTE);
    assertThat(keeper.view().map().version()).as("while it asks").isEqualTo(version);
    world.leaving.clear();
    world.pass(4 * MINUTE);
    assertThat(phase(0)).isEqualTo(Phase.EMPTY);
    world.pass(2 * MINUTE);

    assertThat(phase(0)).isEqualTo(Phase.ACTIVE);
    assertThat(owner(CELL).region()).isZero();
  }

  @Test
  void aFalseAlarmCostsAPauseAndMovesNobody() {
    Owner before = owner(CELL);
    world.suspects.add(0);
    world.pass(1000);
    assertThat(phase(0)).isEqualTo(Phase.LEASEOUT);
    assertThat(keeper.view().mayWrite(owner(CELL), world.nanos())).isFalse();

    world.lives(0);
    world.pass(1000);

    assertThat(owner(CELL)).isEqualTo(before);
    assertThat(keeper.view().mayWrite(owner(CELL), world.nanos())).isTrue();
  }

  @Test
  void aDeadRegionIsLeftByAllItsCellsUnderOneHigherEpoch() {
    world.dies(0);
    world.pass(1000);

    assertThat(phase(0)).isEqualTo(Phase.EVICTED);
    assertThat(keeper.view().map().population(world.regions())).containsOnlyKeys(1, 2);
    assertThat(Epoch.counter(owner(CELL).epoch())).isGreaterThan(Owner.FLOOR);
  }

  @Test
  void aRegionThatCarriesMoreThanHalfIsLeftByAnOperatorOnly() {
    world.weights[0] = 3;
    world.dies(0);
    world.pass(5000);
    assertThat(phase(0)).isEqualTo(Phase.ACTIVE);

    order(Order.giveUp(0, 1, "op"));

    assertThat(owner(CELL).region()).isEqualTo(1);
  }

  @Test
  void aSecondRegionIsNotEvictedWithinAMinute() {
    world.weights[2] = 10;
    world.dies(0);
    world.pass(1000);
    world.dies(1);
    world.pass(MINUTE - 5000);
    assertThat(phase(1)).isEqualTo(Phase.ACTIVE);

    world.pass(10_000);

    assertThat(phase(1)).isEqualTo(Phase.EVICTED);
  }

  @Test
  void aRegionComesBackAfterFiveMinutesOfHealthAndAfterTenTheNextTime() {
    for (int minutes : new int[] {5, 10}) {
      world.dies(0);
      world.pass(2000);
      world.lives(0);
      world.pass(minutes * MINUTE - 10_000);
      assertThat(phase(0)).isEqualTo(Phase.EVICTED);

      world.pass(20_000);

      assertThat(phase(0)).isNotEqualTo(Phase.EVICTED);
      world.pass(MINUTE);
      assertThat(phase(0)).isEqualTo(Phase.ACTIVE);
      assertThat(owner(CELL).region()).isZero();
    }
  }

  @Test
  void aRegionThatAnOperatorGaveUpWaitsForTheOperator() {
    order(Order.giveUp(0, -1, "op"));
    world.pass(40 * MINUTE);
    assertThat(phase(0)).isEqualTo(Phase.EVICTED);

    order(Order.resume(0, "op"));
    world.pass(MINUTE);

    assertThat(phase(0)).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void aRegionThatIsBroughtBackTooSoonIsWaitedFor() {
    world.dies(0);
    world.pass(2000);
    order(Order.resume(0, "op"));
    assertThat(keeper.view().map().population(world.regions())).doesNotContainKey(0);

    world.lives(0);
    world.pass(MINUTE);

    assertThat(owner(CELL).region()).isZero();
    assertThat(phase(0)).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void aFrozenMapIsMovedByOperatorsOnly() {
    order(Order.freeze(true, "op"));
    world.dies(0);
    world.pass(5000);
    assertThat(phase(0)).isEqualTo(Phase.ACTIVE);

    order(Order.giveUp(0, -1, "op"));

    assertThat(phase(0)).isEqualTo(Phase.EVICTED);
  }

  @Test
  void aUserApartStaysWhereTheOperatorPutHimWhenHisCellMoves() {
    order(Order.move(USER, 1, "op"));
    Owner apart = owner(USER);
    order(Order.move(CELL, 2, "op"));

    assertThat(owner(USER)).isEqualTo(apart);
    assertThat(apart.region()).isEqualTo(1);
    assertThat(keeper.view().map().owner(0, 1, 7)).isEqualTo(apart);
    assertThat(keeper.view().map().owner(0, 2, 7).region()).isEqualTo(2);
  }

  @Test
  void aWitnessTakesTheCellToItsRegionUnderAHigherEpoch() {
    long lost = Epoch.of(40, 1);
    keeper.witness(CELL, lost);
    world.pass(2000);

    assertThat(owner(CELL).region()).isEqualTo(1);
    assertThat(owner(CELL).epoch()).isGreaterThan(lost);
  }

  @Test
  void aGatewayThatFellSilentIsWaitedForUntilItsLeaseHasEnded() {
    CalmWorld other = new CalmWorld();
    Keeper lone = other.gateway("one");
    other.pass(3000);
    Keeper silent = other.keeper("zz");
    silent.beat();
    other.pass(10);
    long began = other.nanos();

    lone.order(Order.move(CELL, 1, "op"), result -> {});
    while (lone.view().map().owner(CELL).region() == 0) {
      other.pass(10);
    }

    assertThat(other.nanos() - began).isGreaterThan(Terms.STANDARD.leaseNanos());
  }

  @Test
  void aGatewayThatCameBackIsWaitedForThoughItHasBeatenAsOftenAsBefore() {
    CalmWorld other = new CalmWorld();
    leased(other, "zz");
    Keeper standing = leased(other, "one");
    other.pass(MINUTE);
    Keeper back = leased(other, "zz");
    assertThat(back.view().mayWrite(back.view().map().owner(CELL), other.nanos())).isTrue();
    long began = other.nanos();

    standing.order(Order.move(CELL, 1, "op"), result -> {});
    while (standing.view().map().owner(CELL).region() == 0) {
      other.pass(10);
      standing.beat();
    }

    assertThat(other.nanos() - began).isGreaterThan(Terms.STANDARD.leaseNanos());
  }

  /** A gateway after two beats, the second of which gave it a lease. */
  private static Keeper leased(CalmWorld world, String name) {
    Keeper keeper = world.keeper(name);
    keeper.beat();
    world.pass(1100);
    keeper.beat();
    world.pass(10);
    return keeper;
  }

  @Test
  void aGatewayThatHasJustStartedTakesNoOldWordForAVote() {
    CalmWorld other = new CalmWorld();
    List<Keeper> gone = List.of(other.keeper("x"), other.keeper("y"));
    other.dies(0);
    gone.forEach(Keeper::beat);
    other.pass(MINUTE);

    Keeper fresh = other.gateway("one");
    other.pass(1400);

    assertThat(fresh.view().map().region(0).phase()).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void aVerdictFromBeforeTheSuspicionEvictsNobody() {
    CalmWorld other = new CalmWorld();
    Keeper watching = other.gateway("one");
    Keeper gone = other.keeper("x");
    other.pass(1000);
    other.dies(0);
    gone.beat();
    other.pass(1200);

    assertThat(watching.view().map().region(0).phase()).isEqualTo(Phase.LEASEOUT);
  }

  @Test
  void theHistorySaysWhyACellIsWhereItIs() {
    order(Order.move(CELL, 2, "eve"));
    List<String> notes = new ArrayList<>();
    keeper.history(10, found -> notes.addAll(found));

    assertThat(notes).contains("0:7 to region 2 by eve");
  }

  @Test
  void withoutTheStoreTheLeaseEndsBySelf() {
    CalmWorld other = new CalmWorld();
    Keeper lone = other.keeper("one");
    for (int i = 0; i < 30; i++) {
      lone.beat();
      other.pass(50);
    }
    assertThat(lone.view().mayWrite(lone.view().map().owner(CELL), other.nanos())).isTrue();

    other.pass(900);

    assertThat(lone.view().mayWrite(lone.view().map().owner(CELL), other.nanos())).isFalse();
  }
}
