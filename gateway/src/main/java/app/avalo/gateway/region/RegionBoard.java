package app.avalo.gateway.region;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.RegionStatus.Steps;
import app.avalo.gateway.region.evidence.PanicRule;
import app.avalo.gateway.region.share.Share;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The standing of every region: what is observed, what operators ordered, what the panic rule
 * allows. Written by the control loop; {@link #standing} and {@link #panic} are read by every loop.
 */
final class RegionBoard {
  private static final Logger LOG = LoggerFactory.getLogger(RegionBoard.class);

  private final Ticker ticker;
  private final Consumer<Map<String, Forced>> keepForced;
  private Consumer<RegionState> onLoss = lost -> {};
  private final ConcurrentMap<String, RegionState> byName = new ConcurrentHashMap<>();
  private final Map<String, Forced> forced;
  private final PanicRule panicRule = new PanicRule();
  private final List<Health.ChangeListener> listeners = new CopyOnWriteArrayList<>();
  private List<RegionState> inOrder = List.of();
  private volatile boolean panic; // control loop

  RegionBoard(Ticker ticker, Map<String, Forced> forced, Consumer<Map<String, Forced>> keepForced) {
    this.ticker = ticker;
    this.forced = new HashMap<>(forced);
    this.keepForced = keepForced;
  }

  Standing standing(String region) {
    RegionState state = byName.get(region);
    return state == null ? Standing.IN_SERVICE : state.standing();
  }

  int share(String region) {
    RegionState state = byName.get(region);
    return state == null ? Share.ALL : state.share().now();
  }

  boolean admits(String region, int caller) {
    RegionState state = byName.get(region);
    return state == null || state.share().admits(caller);
  }

  void taken(String region, int caller) {
    RegionState state = byName.get(region);
    if (state != null) {
      state.share().taken(caller);
    }
  }

  boolean panic() {
    return panic;
  }

  void onChange(Health.ChangeListener listener) {
    listeners.add(listener);
  }

  /** Told when a region is lost by what is observed, even if the panic rule keeps it in use. */
  void onLoss(Consumer<RegionState> listener) {
    onLoss = listener;
  }

  /** Whether a region is out, or would be but for the panic rule. */
  boolean isLost(String region) {
    RegionState state = byName.get(region);
    return state != null && (state.standing() == Standing.OUT || state.refused());
  }

  /** The state of this region, made if it is new. */
  RegionState open(String region) {
    return byName.computeIfAbsent(region, name -> new RegionState(name, ticker));
  }

  /** Keeps only these regions; orders for others wait until they return. */
  void arrange(List<RegionState> regions) {
    inOrder = List.copyOf(regions);
    byName.values().retainAll(inOrder);
  }

  RegionStatus force(String region, Forced order) {
    RegionState state = known(region);
    forced.put(region, order);
    Steps steps = order.steps();
    if (steps != null) {
      int before = state.standing() == Standing.OUT ? 0 : state.share().now();
      state.share().drain(steps.users(), steps.pause(), before);
      tellWhoLeft(state, before);
    } else if (!order.out()) {
      state.share().full();
    }
    keepForced.accept(Map.copyOf(forced));
    evaluate();
    return state.status(order);
  }

  RegionStatus release(String region, String why) {
    RegionState state = known(region);
    drop(region, why);
    return state.status(null);
  }

  /** Ends orders whose time is over and retries evictions that were refused. */
  void tick() {
    long now = ticker.epochMillis();
    for (Map.Entry<String, Forced> order : List.copyOf(forced.entrySet())) {
      Long until = order.getValue().untilEpochMillis();
      if (until != null && until <= now) {
        drop(order.getKey(), "the order by " + order.getValue().by() + " expired");
      }
    }
    evaluate();
    int slow = 0;
    for (RegionState region : inOrder) {
      slow += region.isSlow() ? 1 : 0;
    }
    // Where most are slow, the load or this gateway is: nobody would be better off elsewhere.
    boolean believed = slow * 2 <= inOrder.size();
    for (RegionState region : inOrder) {
      int before = region.share().now();
      region.share().tick(region.standing() == Standing.IN_SERVICE, believed && region.isSlow());
      tellWhoLeft(region, before);
    }
  }

  private void tellWhoLeft(RegionState region, int before) {
    int now = region.share().now();
    if (now < before && region.share().drainUsersPerStep() != null) {
      Health.Departure departure = new Health.Departure(region.name(), before, now);
      listeners.forEach(listener -> listener.left(departure));
    }
  }

  /** Regions that are not out and say nothing. */
  int silent() {
    int silent = 0;
    for (RegionState region : inOrder) {
      silent += region.standing() != Standing.OUT && region.isSilent() ? 1 : 0;
    }
    return silent;
  }

  /** Regions that are not out. */
  int left() {
    int left = 0;
    for (RegionState region : inOrder) {
      left += region.standing() != Standing.OUT ? 1 : 0;
    }
    return left;
  }

  List<RegionStatus> status() {
    List<RegionStatus> all = new ArrayList<>();
    inOrder.forEach(region -> all.add(region.status(forced.get(region.name()))));
    return List.copyOf(all);
  }

  void endpointChanged(EndpointDetector endpoint, Standing from, Standing to, String reason) {
    EndpointSignals signals = endpoint.signals();
    String region = signals.key().region();
    String url = endpoint.target().endpoint().url();
    LOG.atInfo()
        .addKeyValue("region", region)
        .addKeyValue("endpoint", url)
        .addKeyValue("from", from)
        .addKeyValue("to", to)
        .addKeyValue("reason", reason)
        .log("endpoint changed");
    RegionState state = byName.get(region);
    if (state != null) {
      state.note(url, from, to, reason);
    }
    listeners.forEach(listener -> listener.endpointChanged(signals, from, to, reason));
    evaluate(region, url + ": " + reason);
  }

  private RegionState known(String region) {
    RegionState state = byName.get(region);
    if (state == null) {
      throw new IllegalArgumentException(
          "region: " + region + " (expected one of " + byName.keySet() + ")");
    }
    return state;
  }

  private void drop(String region, String why) {
    if (forced.remove(region) != null) {
      RegionState state = byName.get(region);
      if (state != null) {
        state.share().stopDrain();
      }
      keepForced.accept(Map.copyOf(forced));
      evaluate(region, why);
    }
  }

  /** Brings every region to the standing it should have. */
  void evaluate() {
    evaluate(null, "");
  }

  /**
   * The same, with the reason why one region may change.
   *
   * @param cause the region concerned, or null
   */
  private void evaluate(@Nullable String cause, String why) {
    boolean refusals = false;
    for (RegionState region : inOrder) {
      Forced order = inForce(region);
      Standing observed = region.observed();
      boolean refused = order == null && observed == Standing.OUT && !evicts(region);
      boolean lost = order == null && observed == Standing.OUT && !isLost(region.name());
      region.refused(refused);
      refusals |= refused;
      if (order != null) {
        String how = order.steps() == null ? "forced by " : "drained by ";
        become(region, order.standing(), how + order.by() + ": " + order.reason());
      } else {
        Standing to = refused ? Standing.SUSPECT : observed;
        become(region, to, region.name().equals(cause) ? why : reason(region, refused));
      }
      if (lost) {
        onLoss.accept(region);
      }
    }
    panic = refusals;
  }

  /** What an operator ordered, unless users are still on their way out. */
  private @Nullable Forced inForce(RegionState region) {
    Forced order = forced.get(region.name());
    boolean leaving = order != null && order.steps() != null && region.share().isDraining();
    return leaving ? null : order;
  }

  private static String reason(RegionState region, boolean refused) {
    return refused
        ? "would be out, but too few regions would be left or another one was just lost"
        : region.because();
  }

  /** Whether a region that is lost may be out; notes a new eviction. */
  private boolean evicts(RegionState region) {
    if (region.standing() == Standing.OUT) {
      return true;
    }
    int left = 0;
    for (RegionState other : inOrder) {
      left += other != region && other.standing() != Standing.OUT ? 1 : 0;
    }
    return panicRule.evict(region.name(), inOrder.size(), left, ticker.nanos());
  }

  private void become(RegionState region, Standing to, String why) {
    Standing from = region.standing();
    if (region.become(to, why)) {
      LOG.atInfo()
          .addKeyValue("region", region.name())
          .addKeyValue("from", from)
          .addKeyValue("to", to)
          .addKeyValue("reason", why)
          .log("region changed");
      listeners.forEach(listener -> listener.changed(region.name(), from, to, why));
    }
  }
}
