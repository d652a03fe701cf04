package app.avalo.gateway.keep;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.pin.GroupMap;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.MapStore;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Phase;
import app.avalo.gateway.filter.pin.keep.Keeper;
import app.avalo.gateway.filter.pin.keep.Order;
import app.avalo.gateway.filter.pin.keep.View;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keeper of one group at work: beats slowly while nothing happens and fast while something
 * does. Confined to the control loop, except for what {@link GroupMap} promises to all.
 */
final class GroupKeeper implements GroupMap {
  private static final Duration CALM = Duration.ofMillis(250);
  private static final Duration RESTLESS = Duration.ofMillis(50);

  private final Keepers.Control control;
  private final RegionsSeen seen;
  private final Keeper keeper;
  private final Set<Integer> evicted = new HashSet<>(); // control loop
  private Timers.@Nullable Timer next; // control loop
  private boolean stopped; // control loop

  GroupKeeper(
      String group, MapStore store, Keepers.Control control, Health health, Barrier barrier) {
    this.control = control;
    this.seen = new RegionsSeen(group, health, control.ticker());
    this.keeper =
        Keeper.of(control.name(), store, seen, control.ticker(), task -> published(barrier, task));
  }

  /** Takes a new map to all loops; what is lost is cut off, so that nobody waits there. */
  private void published(Barrier barrier, Runnable acknowledged) {
    for (int index : seen.regions()) {
      Region region = seen.region(index);
      boolean isOut = keeper.view().map().region(index).phase() == Phase.EVICTED;
      if (!isOut) {
        evicted.remove(index);
      } else if (evicted.add(index)
          && region != null
          && seen.worst(region) != Standing.IN_SERVICE) {
        control.lost().accept(region.name());
      }
    }
    barrier.pass(control.loop(), acknowledged);
  }

  void follow(Plan plan) {
    seen.follow(plan);
    beat();
  }

  /** Reads and does what is due, now and again and again. */
  void beat() {
    if (next != null) {
      next.cancel();
    }
    if (!stopped) {
      keeper.beat();
      next = control.timers().after(keeper.restless() ? RESTLESS : CALM, this::beat);
    }
  }

  void stop() {
    stopped = true;
    if (next != null) {
      next.cancel();
    }
  }

  @Override
  public View view() {
    return keeper.view();
  }

  @Override
  public void witness(CellKey key, long epoch) {
    control.loop().execute(() -> keeper.witness(key, epoch));
  }

  @Override
  public void move(CellKey user, int region, String why) {
    order(Order.move(user, region, why));
  }

  /** Writes what an operator wishes; any thread. */
  Future<Order.Result> order(Order order) {
    Promise<Order.Result> told = Promise.promise();
    control.loop().execute(() -> keeper.order(order, told::tryComplete));
    return told.future();
  }

  /** The latest notes of all gateways, newest first; any thread. Null without the store. */
  Future<@Nullable List<String>> history(int limit) {
    Promise<@Nullable List<String>> told = Promise.promise();
    control.loop().execute(() -> keeper.history(limit, told::tryComplete));
    return told.future();
  }
}
