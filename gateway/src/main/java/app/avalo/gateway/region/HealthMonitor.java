package app.avalo.gateway.region;

import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.EndpointSignals.Key;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.probe.Checks;
import app.avalo.gateway.region.probe.Prober;
import app.avalo.gateway.region.probe.SelfDoubt;
import app.avalo.gateway.region.recovery.Recoveries;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns every detector and every region's standing. Its state belongs to one control loop; public
 * methods may be called from anywhere and their futures complete on that loop. {@link
 * HealthService} runs one on Vert.x.
 */
public final class HealthMonitor implements Health {
  /** Silence and own pauses are looked at this often. */
  static final Duration TICK = Duration.ofMillis(50);

  /** Every so many ticks rates, expiries and shares are looked at. */
  static final int SLOWER = 5;

  private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);

  /**
   * The loop that owns the state.
   *
   * @param executor runs tasks on it, in order
   */
  record ControlLoop(Executor executor, Ticker ticker, Timers timers, RandomGenerator random) {}

  private final ControlLoop loop;
  private final ConcurrentMap<Key, EndpointSignals> signals = new ConcurrentHashMap<>();
  private final Map<Key, EndpointDetector> detectors = new LinkedHashMap<>();
  private final RegionBoard board;
  private final SelfDoubt doubt;
  private final RecoveryWatch recoveries;
  private final EndpointDetector.Surroundings surroundings;
  private Timers.@Nullable Timer ticking;
  private long ticks;
  private volatile boolean inDoubt; // control loop
  private volatile boolean probedOnce; // control loop
  private volatile RoundTrips roundTrips = (region, nanos) -> {}; // onRoundTrip()

  /** Idle until the first {@link #reconfigure}; keeps what operators ordered before. */
  HealthMonitor(
      ControlLoop loop,
      Prober prober,
      Map<String, Forced> forced,
      Consumer<Map<String, Forced>> keepForced) {
    this.loop = loop;
    this.board = new RegionBoard(loop.ticker(), forced, keepForced);
    this.recoveries = new RecoveryWatch(loop.ticker(), detectors, board);
    board.onLoss(recoveries::lost);
    this.doubt = new SelfDoubt(loop.ticker(), TICK);
    this.surroundings =
        new EndpointDetector.Surroundings(
            loop.ticker(),
            loop.random(),
            new Checks.Means(loop.ticker(), loop.timers(), prober, doubt),
            new Observer());
  }

  @Override
  public Standing standing(Region region) {
    return board.standing(region.name());
  }

  @Override
  public boolean isLost(Region region, Service service) {
    return board.isLost(region.name()) || Health.super.isLost(region, service);
  }

  @Override
  public int share(Region region) {
    return board.share(region.name());
  }

  @Override
  public boolean admits(Region region, int caller) {
    return board.admits(region.name(), caller);
  }

  @Override
  public void taken(Region region, int caller) {
    board.taken(region.name(), caller);
  }

  @Override
  public EndpointHealth endpoint(Region region, Service service, Endpoint endpoint) {
    ServiceConfig config = service.config();
    return signals(Key.of(region.name(), endpoint, config));
  }

  private EndpointSignals signals(Key key) {
    // A plan may ask before its reconfigure has run; the detector adopts what it finds.
    return signals.computeIfAbsent(
        key, absent -> new EndpointSignals(absent, loop.executor(), loop.ticker()));
  }

  @Override
  public void onChange(ChangeListener listener) {
    board.onChange(listener);
  }

  /**
   * Told of round trips to endpoints of a region that checks have measured, on the control loop.
   */
  public interface RoundTrips {
    void took(String region, long nanos);
  }

  /** From now on the listener is told. */
  public void onRoundTrip(RoundTrips listener) {
    roundTrips = listener;
  }

  /** How long users of lost regions were without them. */
  public Recoveries recoveries() {
    return recoveries.recoveries();
  }

  @Override
  public boolean inDoubt() {
    return inDoubt;
  }

  @Override
  public boolean panic() {
    return board.panic();
  }

  @Override
  public boolean probedOnce() {
    return probedOnce;
  }

  /**
   * Follows a new plan: endpoints that stay keep their state, new ones begin in service with a
   * check at once (or lost, when their address was lost), others are forgotten.
   */
  public Future<Void> reconfigure(Plan plan) {
    return onLoop(
        () -> {
          follow(plan);
          return null;
        });
  }

  /** Orders a region out or in, until it is released or the order expires. */
  public Future<RegionStatus> force(String region, Forced order) {
    return onLoop(() -> board.force(region, order));
  }

  /** Ends an operator's order; what is observed counts again. */
  public Future<RegionStatus> release(String region, String by) {
    return onLoop(() -> board.release(region, "released by " + by));
  }

  /** Snapshots of all regions, in the order of the plan. */
  public Future<List<RegionStatus>> status() {
    return onLoop(board::status);
  }

  /** Stops all checks and timers. */
  public Future<Void> close() {
    return onLoop(
        () -> {
          if (ticking != null) {
            ticking.cancel();
          }
          detectors.values().forEach(EndpointDetector::stop);
          return null;
        });
  }

  private interface Task<T extends @Nullable Object> {
    T run();
  }

  private <T extends @Nullable Object> Future<T> onLoop(Task<T> task) {
    Promise<T> done = Promise.promise();
    loop.executor()
        .execute(
            () -> {
              T result;
              try {
                result = task.run();
              } catch (RuntimeException e) {
                done.fail(e);
                return;
              }
              done.complete(result);
            });
    return done.future();
  }

  private void follow(Plan plan) {
    Map<Key, Prober.Target> targets = targets(plan);
    List<EndpointDetector> dropped = new ArrayList<>();
    detectors.values().removeIf(d -> !targets.containsKey(d.signals().key()) && dropped.add(d));
    List<EndpointDetector> added = new ArrayList<>();
    targets.forEach(
        (key, target) -> {
          EndpointDetector known = detectors.get(key);
          if (known == null) {
            EndpointDetector detector = new EndpointDetector(surroundings, signals(key), target);
            detectors.put(key, detector);
            added.add(detector);
          } else {
            known.reconfigure(target);
          }
        });
    arrange(plan);
    recoveries.follow(plan);
    for (EndpointDetector detector : added) {
      detector.start(lost(detector.signals().key(), dropped));
    }
    for (EndpointDetector detector : dropped) {
      detector.stop();
      signals.remove(detector.signals().key());
    }
    board.evaluate();
    if (ticking == null) {
      tick();
    }
  }

  private static boolean lost(Key key, List<EndpointDetector> dropped) {
    for (EndpointDetector old : dropped) {
      if (old.signals().standing() == Standing.OUT && old.signals().key().sameAddress(key)) {
        return true;
      }
    }
    return false;
  }

  private static Map<Key, Prober.Target> targets(Plan plan) {
    Map<Key, Prober.Target> targets = new LinkedHashMap<>();
    for (Service service : plan.services()) {
      ServiceConfig config = service.config();
      for (Region region : plan.regions()) {
        for (Endpoint endpoint : service.in(region)) {
          Prober.Target target =
              new Prober.Target(config.protocol(), endpoint, config.upstreamTls(), check(config));
          targets.merge(Key.of(region.name(), false, target), target, HealthMonitor::moreWatchful);
        }
      }
    }
    plan.regions().forEach(region -> addWhole(plan, region, targets));
    return targets;
  }

  /** What is asked about a region as a whole; as often as its most watchful service needs. */
  private static void addWhole(Plan plan, Region region, Map<Key, Prober.Target> targets) {
    RegionConfig.Check whole = region.config().check();
    if (whole == null) {
      return;
    }
    HealthCheck check = whole.health();
    for (Service service : plan.services()) {
      if (service.config().pin() != null && !service.in(region).isEmpty()) {
        check = check.at(whole.health().times().watchful());
      }
    }
    Prober.Target target =
        new Prober.Target(whole.protocol(), whole.endpoint(), whole.upstreamTls(), check);
    targets.put(Key.of(region.name(), true, target), target);
  }

  private static HealthCheck check(ServiceConfig service) {
    HealthCheck check = service.health();
    return service.pin() == null ? check : check.at(check.times().watchful());
  }

  /** Of two services that check alike, the times of the one that checks more often. */
  private static Prober.Target moreWatchful(Prober.Target one, Prober.Target other) {
    HealthCheck a = one.check();
    HealthCheck b = other.check();
    return b.times().interval().compareTo(a.times().interval()) < 0 ? other : one;
  }

  private void arrange(Plan plan) {
    List<RegionState> arranged = new ArrayList<>();
    for (Region region : plan.regions()) {
      RegionState state = board.open(region.name());
      List<EndpointDetector> own = new ArrayList<>();
      EndpointDetector whole = null;
      for (EndpointDetector detector : detectors.values()) {
        Key key = detector.signals().key();
        if (key.region().equals(region.name())) {
          if (key.whole()) {
            whole = detector;
          } else {
            own.add(detector);
          }
        }
      }
      state.reconfigure(region.config().minHealthy(), own, whole);
      arranged.add(state);
    }
    board.arrange(arranged);
  }

  private void tick() {
    if (doubt.tick()) {
      LOG.atWarn().log("this process stood still; convictions wait");
      detectors.values().forEach(EndpointDetector::doubt);
    }
    detectors.values().forEach(EndpointDetector::listen);
    weigh();
    if (ticks++ % SLOWER == 0) {
      detectors.values().forEach(EndpointDetector::tick);
      board.tick();
      recoveries.recoveries().tick();
    }
    ticking = loop.timers().after(TICK, this::tick);
  }

  private void weigh() {
    if (doubt.silent(board.silent(), board.left())) {
      LOG.atWarn().log("half of the regions are silent at once; nothing is convicted");
    }
    inDoubt = doubt.holds();
  }

  /** What detectors tell. */
  private final class Observer implements EndpointDetector.Observer {
    @Override
    public void changed(EndpointDetector endpoint, Standing from, Standing to, String reason) {
      weigh(); // before anybody votes on what changed
      board.endpointChanged(endpoint, from, to, reason);
      if (to == Standing.OUT) {
        recoveries.lost(endpoint);
      }
      if (to == Standing.SUSPECT) {
        // Before a region is convicted the others are heard: are they silent too, it is us.
        detectors.values().forEach(EndpointDetector::witness);
      }
    }

    @Override
    public void probed(EndpointDetector endpoint, Prober.Result result) {
      Key key = endpoint.signals().key();
      if (result.ok() && result.roundTripNanos() > 0 && !key.whole()) {
        roundTrips.took(key.region(), result.roundTripNanos());
      }
      if (!probedOnce) {
        for (EndpointDetector each : detectors.values()) {
          if (!each.probedOnce()) {
            return;
          }
        }
        probedOnce = true;
      }
    }
  }
}
