package app.avalo.gateway.keep;

import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.pin.GroupMap;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.MapStore;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.keep.Order;
import app.avalo.gateway.filter.pin.keep.View;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.region.probe.Prober;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The maps of all groups in this process, and who keeps them. Safe from every thread. */
public final class Keepers {
  /** A store that is away must not keep a gateway from serving what needs none. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final Control control;
  private final long beganNanos;
  private final Health health;
  private final Function<String, Future<MapStore>> stores;
  private final Barrier barrier = new Barrier();
  private final Map<String, GroupKeeper> groups = new ConcurrentHashMap<>();

  /**
   * The loop on which maps are kept.
   *
   * @param name of this process, unlike all others
   * @param loop runs tasks on it, in order
   * @param prober asks services whether they are ready
   * @param lost told of regions, by name, that everybody was moved away from and that look dead
   */
  public record Control(
      String name,
      Executor loop,
      Timers timers,
      Ticker ticker,
      Prober prober,
      Consumer<String> lost) {}

  /**
   * Keeps nothing until the first {@link #follow}.
   *
   * @param stores opens the store of a group
   */
  public Keepers(Control control, Health health, Function<String, Future<MapStore>> stores) {
    this.control = control;
    this.beganNanos = control.ticker().nanos();
    this.health = health;
    this.stores = stores;
    health.onChange(new Alarm());
  }

  /** Keeps the groups of a plan; completes when requests under it may come. */
  public Future<Void> follow(Plan plan) {
    Set<String> wanted = groups(plan);
    List<Future<?>> opened = new ArrayList<>();
    for (String group : wanted) {
      opened.add(groups.containsKey(group) ? Future.succeededFuture() : open(group));
    }
    return Future.all(opened).compose(all -> onLoop(() -> arrange(wanted, plan)));
  }

  private static Set<String> groups(Plan plan) {
    Set<String> names = new TreeSet<>();
    for (Service service : plan.services()) {
      Pin pin = service.config().pin();
      if (pin != null) {
        names.add(pin.group());
      }
    }
    return names;
  }

  private Future<?> open(String group) {
    return stores
        .apply(group)
        .onSuccess(
            store ->
                groups.putIfAbsent(group, new GroupKeeper(group, store, control, health, barrier)));
  }

  private void arrange(Set<String> wanted, Plan plan) {
    groups
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone = !wanted.contains(entry.getKey());
              if (gone) {
                entry.getValue().stop();
              }
              return gone;
            });
    groups.values().forEach(group -> group.follow(plan));
  }

  private Future<Void> onLoop(Runnable task) {
    Promise<Void> done = Promise.promise();
    control
        .loop()
        .execute(
            () -> {
              task.run();
              done.complete();
            });
    return done.future();
  }

  /** Has an event loop follow every new map before it is acknowledged. */
  public void join(Executor loop, Runnable follow) {
    barrier.join(loop, follow);
  }

  /** The map of a group; of one that nobody keeps, what is known before anything was read. */
  public GroupMap of(String group) {
    GroupKeeper keeper = groups.get(group);
    return keeper == null ? new Unkept(View.unleased(PinMap.EMPTY, control.ticker())) : keeper;
  }

  /** Whether every group may be written to, or could not within {@link #PATIENCE_NANOS}. */
  public boolean areReady() {
    long nowNanos = control.ticker().nanos();
    boolean ready = true;
    for (GroupKeeper group : groups.values()) {
      ready &= group.view().leaseNanos(nowNanos) > 0;
    }
    return ready || nowNanos - beganNanos > PATIENCE_NANOS;
  }

  /** Writes what an operator wishes into the map of a group. */
  public Future<Order.Result> order(String group, Order order) {
    GroupKeeper keeper = groups.get(group);
    return keeper == null ? Future.succeededFuture(Order.Result.NOTHING) : keeper.order(order);
  }

  /** The latest notes on a group, newest first; null when the store does not answer. */
  public Future<@Nullable List<String>> history(String group, int limit) {
    GroupKeeper keeper = groups.get(group);
    return keeper == null ? Future.succeededFuture(List.of()) : keeper.history(limit);
  }

  /** Stops all beats. */
  public Future<Void> close() {
    return onLoop(() -> groups.values().forEach(GroupKeeper::stop));
  }

  /** A change of standing is acted on at once. */
  private final class Alarm implements Health.ChangeListener {
    @Override
    public void changed(String region, Standing from, Standing to, String reason) {
      beat();
    }

    @Override
    public void endpointChanged(
        EndpointHealth endpoint, Standing from, Standing to, String reason) {
      beat();
    }

    private void beat() {
      control.loop().execute(() -> groups.values().forEach(GroupKeeper::beat));
    }
  }

  private record Unkept(View view) implements GroupMap {
    @Override
    public void met(int home, long bits) {}

    @Override
    public void ended(Owner owner, boolean failed, long nanos) {}

    @Override
    public void witness(CellKey key, long epoch) {}

    @Override
    public void move(CellKey user, int region, String why) {}
  }
}
