package app.avalo.gateway.keep;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.CheckAnswer;
import app.avalo.gateway.config.ServiceConfig.CheckKind;
import app.avalo.gateway.config.ServiceConfig.CheckRequest;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.keep.Outlook;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.region.probe.Prober;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The regions of one group as this gateway's health sees them. Control loop only. */
final class RegionsSeen implements Outlook {
  /**
   * Users move when a region has been gone for so long: of stalls of a region one in a hundred is
   * longer (algorithms 3.3). Counted from when it began and not from when that was noticed, so that
   * a late suspicion does not make a late verdict.
   */
  private static final long GONE_NANOS = TimeUnit.MILLISECONDS.toNanos(1750);

  private final String group;
  private final Health health;
  private final Readiness readiness;
  private final GroupKeeper keeper;
  private final Ticker ticker;
  private final Map<Integer, List<Prober.Target>> questions = new HashMap<>();
  private List<Service> services = List.of();
  private Map<Integer, Region> regions = Map.of();
  private List<Integer> indexes = List.of();
  private Set<Integer> suspected = Set.of(); // as last told

  RegionsSeen(String group, Health health, Readiness readiness, GroupKeeper keeper) {
    this.group = group;
    this.health = health;
    this.readiness = readiness;
    this.keeper = keeper;
    this.ticker = keeper.ticker();
  }

  /** Takes over the regions that have all services of the group. */
  void follow(Plan plan) {
    List<Service> own = new ArrayList<>();
    for (Service service : plan.services()) {
      if (service.config().pin() != null && service.config().pin().group().equals(group)) {
        own.add(service);
      }
    }
    Map<Integer, Region> complete = new TreeMap<>();
    for (Region region : plan.regions()) {
      if (own.stream().noneMatch(service -> service.in(region).isEmpty())) {
        complete.put(region.config().index(), region);
      }
    }
    services = List.copyOf(own);
    regions = complete;
    indexes = List.copyOf(complete.keySet());
    questions.clear();
    complete.forEach((index, region) -> questions.put(index, questions(region)));
  }

  /** Whom to ask in a region whether it can take users. */
  private List<Prober.Target> questions(Region region) {
    List<Prober.Target> targets = new ArrayList<>();
    for (Service service : services) {
      ServiceConfig config = service.config();
      Pin pin = config.pin();
      if (pin != null && pin.ready() != null) {
        HealthCheck usual = config.health();
        HealthCheck check =
            new HealthCheck(
                CheckKind.HTTP,
                new CheckRequest(pin.ready(), usual.ask().host(), usual.ask().headers()),
                new CheckAnswer(usual.expect().statuses(), null),
                usual.times(),
                usual.failures(),
                usual.successes());
        for (Endpoint endpoint : service.in(region)) {
          targets.add(new Prober.Target(config.protocol(), endpoint, config.upstreamTls(), check));
        }
      }
    }
    return List.copyOf(targets);
  }

  @Nullable Region region(int index) {
    return regions.get(index);
  }

  @Override
  public Iterable<Integer> regions() {
    return indexes;
  }

  /** Alike, as for health's own panic rule. */
  @Override
  public double weight(int region) {
    return 1;
  }

  /** Data that must stay goes only where all tags of its home are. */
  @Override
  public boolean allowed(int home, int region) {
    boolean bound = services.stream().anyMatch(service -> service.config().residency());
    Region from = regions.get(home);
    Region to = regions.get(region);
    return !bound
        || from == null
        || to != null && to.config().residency().containsAll(from.config().residency());
  }

  /** A gateway that doubts itself suspects nobody anew. */
  @Override
  public Set<Integer> suspects() {
    boolean inDoubt = health.inDoubt();
    Set<Integer> before = suspected;
    Set<Integer> found = new TreeSet<>();
    regions.forEach(
        (index, region) -> {
          boolean believed = !inDoubt || before.contains(index) || isLost(region);
          if (believed && worst(region).compareTo(Standing.SUSPECT) >= 0) {
            found.add(index);
          }
        });
    suspected = found;
    return found;
  }

  /**
   * Those that are lost, and those from which a service has been gone for long. That too many would
   * be lost is for the rules of the whole group to say, not for one gateway.
   */
  @Override
  public Set<Integer> convicts() {
    Set<Integer> found = new TreeSet<>();
    regions.forEach(
        (index, region) -> {
          if (isLost(region) || isGone(region) && !health.inDoubt()) {
            found.add(index);
          }
        });
    return found;
  }

  private boolean isLost(Region region) {
    for (Service service : services) {
      if (health.isLost(region, service)) {
        return true;
      }
    }
    return false;
  }

  private boolean isGone(Region region) {
    long nowNanos = ticker.nanos();
    for (Service service : services) {
      if (nowNanos - health.goneSinceNanos(region, service, nowNanos) >= GONE_NANOS) {
        return true;
      }
    }
    return false;
  }

  /** The worst that is seen of any of the group's services there. */
  Standing worst(Region region) {
    Standing worst = Standing.IN_SERVICE;
    for (Service service : services) {
      Standing standing = health.standing(region, service);
      worst = standing.compareTo(worst) > 0 ? standing : worst;
    }
    return worst;
  }

  @Override
  public boolean leaving(int region) {
    Region asked = regions.get(region);
    if (asked == null || worst(asked) != Standing.DRAINING) {
      return false;
    }
    boolean overloaded = false; // a service that asks to be spared for some seconds moves nobody
    for (Service service : services) {
      for (Endpoint endpoint : service.in(asked)) {
        EndpointHealth one = health.endpoint(asked, service, endpoint);
        if (one.isLeaving()) {
          return true;
        }
        overloaded |= one.standing() == Standing.DRAINING;
      }
    }
    return !overloaded; // else the check of the region itself asks
  }

  @Override
  public boolean ready(int region) {
    return readiness.isReady(region, questions.getOrDefault(region, List.of()));
  }

  @Override
  public Fare fare(int region) {
    return keeper.cohort().of(region);
  }

  @Override
  public int users(CellKey cell) {
    return Math.max(1, keeper.users(cell.home()) / CellKey.CELLS);
  }
}
