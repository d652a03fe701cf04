package app.avalo.gateway.keep;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.pin.GroupMap;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.MapStore;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Phase;
import app.avalo.gateway.filter.pin.keep.Cohort;
import app.avalo.gateway.filter.pin.keep.Keeper;
import app.avalo.gateway.filter.pin.keep.Order;
import app.avalo.gateway.filter.pin.keep.View;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.region.share.Callers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keeper of one group at work: beats slowly while nothing happens and fast while something
 * does. Confined to the control loop, except for what {@link GroupMap} promises to all.
 */
final class GroupKeeper implements GroupMap {
  private static final Duration CALM = Duration.ofMillis(250);
  private static final Duration RESTLESS = Duration.ofMillis(50);

  /** A period of the {@link Cohort}; two of them outlast the watch over a batch. */
  private static final long ROLL_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Five minutes. */
  private static final int POPULATION_ROLLS = 30;

  private static final Logger LOG = LoggerFactory.getLogger(GroupKeeper.class);

  private final String group;
  private final Keepers.Control control;
  private final RegionsSeen seen;
  private final Keeper keeper;
  private final Cohort cohort = new Cohort();
  private final Map<Integer, Callers> population = new ConcurrentHashMap<>();
  private volatile long recentVersion = Long.MAX_VALUE; // control loop: what came later is new
  private long rolledVersion = Long.MAX_VALUE; // control loop
  private long rolledNanos; // control loop
  private int rolls; // control loop
  private final Set<Integer> evicted = new HashSet<>(); // control loop
  private final Map<Integer, Phase> phases = new HashMap<>(); // control loop; as last published
  private Timers.@Nullable Timer next; // control loop
  private boolean stopped; // control loop

  GroupKeeper(
      String group, MapStore store, Keepers.Control control, Health health, Barrier barrier) {
    this.group = group;
    this.control = control;
    this.seen =
        new RegionsSeen(group, health, new Readiness(control.prober(), control.ticker()), this);
    this.keeper =
        Keeper.of(control.name(), store, seen, control.ticker(), task -> published(barrier, task));
  }

  /** Takes a new map to all loops; what is lost is cut off, so that nobody waits there. */
  private void published(Barrier barrier, Runnable acknowledged) {
    for (int index : seen.regions()) {
      Region region = seen.region(index);
      Phase phase = keeper.view().map().region(index).phase();
      if (region != null && phases.put(index, phase) != phase) {
        LOG.atInfo()
            .addKeyValue("group", group)
            .addKeyValue("region", region.name())
            .addKeyValue("phase", phase)
            .addKeyValue("version", keeper.view().map().version())
            .log("pins of a region changed");
      }
      boolean isOut = phase == Phase.EVICTED;
      if (!isOut) {
        evicted.remove(index);
      } else if (evicted.add(index)
          && region != null
          && seen.worst(region).compareTo(Standing.SUSPECT) >= 0) {
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
      roll();
      keeper.beat();
      next = control.timers().after(keeper.restless() ? RESTLESS : CALM, this::beat);
    }
  }

  private void roll() {
    long nowNanos = control.ticker().nanos();
    if (nowNanos - rolledNanos >= ROLL_NANOS) {
      rolledNanos = nowNanos;
      recentVersion = rolledVersion;
      rolledVersion = keeper.view().map().version();
      cohort.roll();
      if (++rolls % POPULATION_ROLLS == 0) {
        population.values().forEach(Callers::roll);
      }
    }
  }

  Ticker ticker() {
    return control.ticker();
  }

  Cohort cohort() {
    return cohort;
  }

  /** Users of a home that this gateway has served within the last five to ten minutes. */
  int users(int home) {
    Callers met = population.get(home);
    return met == null ? 0 : met.estimate();
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
  public void met(int home, long bits) {
    population.computeIfAbsent(home, first -> new Callers()).add((int) bits);
  }

  @Override
  public void ended(Owner owner, boolean failed, long nanos) {
    cohort.ended(owner.region(), owner.changed() > recentVersion, failed, nanos);
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
