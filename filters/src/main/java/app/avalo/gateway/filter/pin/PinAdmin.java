package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.pin.store.Binding;
import app.avalo.gateway.filter.pin.store.Binding.Cause;
import app.avalo.gateway.filter.pin.store.Epoch;
import app.avalo.gateway.filter.pin.store.PinStore;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Pins as operators see and move them. Knows what is in the store; an anonymous pin that never
 * moved lives in its cookie only. Confined to the loop that made it; walks through the store in
 * small steps with pauses between them.
 */
public final class PinAdmin {
  private static final int PAGE = 500;
  private static final Duration BREATH = Duration.ofMillis(1);

  private final PinStore store;
  private final Timers timers;

  public PinAdmin(PinStore store, Timers timers) {
    this.store = store;
    this.timers = timers;
  }

  /**
   * One binding of a user.
   *
   * @param group of services
   * @param region name, or {@code #index} if the plan has no such region
   * @param home likewise: region of the first binding
   * @param epoch number of this tenure
   * @param sinceMillis when it began, wall clock
   * @param cause why it began
   */
  public record View(
      String group, String region, String home, long epoch, long sinceMillis, Cause cause) {}

  /** All bindings of one user; fails when the store does not answer. */
  public Future<List<View>> find(PinIdentity identity, Plan plan) {
    List<Future<@Nullable View>> reads = new ArrayList<>();
    for (String group : groups(plan)) {
      reads.add(
          store
              .read(identity.key(group), Duration.ZERO)
              .map(found -> found == null ? null : view(group, found, plan)));
    }
    return Future.all(reads)
        .map(
            all -> {
              List<View> views = new ArrayList<>();
              for (int i = 0; i < all.size(); i++) {
                View view = all.resultAt(i);
                if (view != null) {
                  views.add(view);
                }
              }
              return views;
            });
  }

  private static View view(String group, Binding binding, Plan plan) {
    return new View(
        group,
        regionName(plan, binding.region()),
        regionName(plan, binding.home()),
        binding.epoch(),
        binding.sinceMillis(),
        binding.cause());
  }

  private static List<String> groups(Plan plan) {
    List<String> groups = new ArrayList<>();
    for (Service service : plan.services()) {
      Pin pin = service.config().pin();
      if (pin != null && !groups.contains(pin.group())) {
        groups.add(pin.group());
      }
    }
    return groups;
  }

  static String regionName(Plan plan, int index) {
    for (Region region : plan.regions()) {
      if (region.config().index() == index) {
        return region.name();
      }
    }
    return "#" + index;
  }

  /** Moves one user; never fails. */
  public Future<MoveResult> move(PinIdentity identity, String group, Region to, Duration ttl) {
    return store
        .read(identity.key(group), Duration.ZERO)
        .compose(found -> move(identity, group, found, to, ttl))
        .otherwise(down -> new MoveResult.StoreDown(String.valueOf(down.getMessage())));
  }

  private Future<MoveResult> move(
      PinIdentity identity, String group, @Nullable Binding found, Region to, Duration ttl) {
    if (found == null) {
      return Future.succeededFuture(new MoveResult.NotBound());
    }
    int index = to.config().index();
    if (found.region() == index) {
      return Future.succeededFuture(new MoveResult.Unchanged(found));
    }
    return store
        .move(identity.key(group), found, index, Cause.OPERATOR, ttl)
        .map(
            outcome ->
                outcome.moved()
                    ? new MoveResult.Moved(found, outcome.binding())
                    : new MoveResult.Overtaken(outcome.binding()));
  }

  /** Users per group and region; fails when the store does not answer. */
  public Future<Map<String, Map<String, Long>>> counts(Plan plan) {
    Map<String, Map<Integer, Long>> found = new TreeMap<>();
    Promise<Map<String, Map<String, Long>>> done = Promise.promise();
    count(store.scan(), found, plan, done);
    return done.future();
  }

  private void count(
      PinStore.Scan scan,
      Map<String, Map<Integer, Long>> found,
      Plan plan,
      Promise<Map<String, Map<String, Long>>> done) {
    scan.next(PAGE)
        .onFailure(done::fail)
        .onSuccess(
            page -> {
              if (page == null) {
                done.complete(named(found, plan));
                return;
              }
              for (PinStore.Entry entry : page) {
                found
                    .computeIfAbsent(entry.key().group(), group -> new TreeMap<>())
                    .merge(Epoch.region(entry.binding().epoch()), 1L, Long::sum);
              }
              timers.after(BREATH, () -> count(scan, found, plan, done));
            });
  }

  private static Map<String, Map<String, Long>> named(
      Map<String, Map<Integer, Long>> found, Plan plan) {
    Map<String, Map<String, Long>> named = new LinkedHashMap<>();
    found.forEach(
        (group, regions) -> {
          Map<String, Long> counts = new LinkedHashMap<>();
          regions.forEach((index, users) -> counts.put(regionName(plan, index), users));
          named.put(group, counts);
        });
    return named;
  }

  /**
   * Starts to move everybody of a region elsewhere, batch by batch.
   *
   * @param group to move, or null for all groups
   * @param batch users at once, 1 to 5000
   * @param pause after each batch
   */
  public PinDrain drain(
      @Nullable String group, Region from, Region to, int batch, Duration pause, Duration ttl) {
    if (batch < 1 || batch > 5000) {
      throw new IllegalArgumentException("batch: " + batch + " (expected: 1 to 5000)");
    }
    PinDrain.Order order =
        new PinDrain.Order(group, from.config().index(), to.config().index(), batch, pause, ttl);
    PinDrain drain = new PinDrain(store, timers, order);
    drain.start();
    return drain;
  }
}
