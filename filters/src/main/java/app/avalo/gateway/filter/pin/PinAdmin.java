package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.store.Home;
import app.avalo.gateway.filter.pin.store.HomeStore;
import app.avalo.gateway.filter.pin.store.PinKey;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Users as operators find and count them. Knows whose home is in the store; that of an anonymous
 * one lives in its cookie only. Confined to the loop that made it; walks through the store in small
 * steps with pauses between them.
 */
public final class PinAdmin {
  private static final int PAGE = 500;
  private static final Duration BREATH = Duration.ofMillis(1);

  private final HomeStore homes;
  private final Function<String, GroupMap> maps;
  private final Timers timers;

  public PinAdmin(HomeStore homes, Function<String, GroupMap> maps, Timers timers) {
    this.homes = homes;
    this.maps = maps;
    this.timers = timers;
  }

  /**
   * Where a user is in one group.
   *
   * @param group of services
   * @param home where the user belongs
   * @param key what moves when the user moves: the cell, or the user alone
   * @param owner what the map says of it
   */
  public record Whereabouts(String group, Home home, CellKey key, Owner owner) {}

  /** All groups in which a user has a home; fails when the store does not answer. */
  public Future<List<Whereabouts>> find(PinIdentity identity, Plan plan) {
    List<Future<@Nullable Whereabouts>> reads = new ArrayList<>();
    for (String group : groups(plan)) {
      reads.add(
          homes
              .find(identity.key(group))
              .map(home -> home == null ? null : whereabouts(group, home, identity)));
    }
    return Future.all(reads)
        .map(
            all -> {
              List<Whereabouts> found = new ArrayList<>();
              for (int i = 0; i < all.size(); i++) {
                Whereabouts one = all.resultAt(i);
                if (one != null) {
                  found.add(one);
                }
              }
              return found;
            });
  }

  private Whereabouts whereabouts(String group, Home home, PinIdentity identity) {
    PinMap map = maps.apply(group).view().map();
    CellKey key = map.key(home.region(), identity.high(), identity.low());
    return new Whereabouts(group, home, key, map.owner(key));
  }

  /** Where a user is in a group, or null without a home there; fails without the store. */
  public Future<@Nullable Whereabouts> find(PinIdentity identity, String group) {
    return homes
        .find(identity.key(group))
        .map(home -> home == null ? null : whereabouts(group, home, identity));
  }

  /** All groups of a plan, in its order. */
  public static List<String> groups(Plan plan) {
    List<String> groups = new ArrayList<>();
    for (Service service : plan.services()) {
      Pin pin = service.config().pin();
      if (pin != null && !groups.contains(pin.group())) {
        groups.add(pin.group());
      }
    }
    return groups;
  }

  /** Name of a region, or {@code #index} if the plan has no such region. */
  public static String regionName(Plan plan, int index) {
    for (Region region : plan.regions()) {
      if (region.config().index() == index) {
        return region.name();
      }
    }
    return "#" + index;
  }

  /** Users per group and region; fails when the store does not answer. */
  public Future<Map<String, Map<String, Long>>> counts(Plan plan) {
    Map<String, Map<Integer, Long>> found = new TreeMap<>();
    Promise<Map<String, Map<String, Long>>> done = Promise.promise();
    count(homes.scan(), found, plan, done);
    return done.future();
  }

  private void count(
      HomeStore.Scan scan,
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
              for (HomeStore.Entry entry : page) {
                PinKey key = entry.key();
                PinMap map = maps.apply(key.group()).view().map();
                found
                    .computeIfAbsent(key.group(), group -> new TreeMap<>())
                    .merge(
                        map.owner(entry.home().region(), key.high(), key.low()).region(),
                        1L,
                        Long::sum);
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
}
