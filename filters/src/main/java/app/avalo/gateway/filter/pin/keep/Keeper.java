package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Change;
import app.avalo.gateway.filter.pin.cell.MapStore;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.cell.RegionPhase;
import app.avalo.gateway.filter.pin.cell.RegionPhase.Phase;
import app.avalo.gateway.filter.pin.cell.Stamp;
import app.avalo.gateway.filter.time.Ticker;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One gateway's hand on the map of one group. Each {@link #beat} reads the map, extends the lease,
 * tells the board what this gateway sees, and writes at most one change that is due. Confined to
 * one event loop; {@link #view} may be read by all.
 */
public final class Keeper {
  private static final long CALM_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long COMMIT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int MOST_WITNESSES = 1000;
  private static final int MOST_ORDERS = 100;
  private static final int MOST_TRIES = 10;

  private final String gateway;
  private final MapStore store;
  private final Outlook outlook;
  private final Ticker ticker;
  private final Terms terms;
  private final Consumer<Runnable> barrier;
  private final Peers peers = new Peers();
  private final Pace pace;
  private final Deque<Arrival> arrivals = new ArrayDeque<>();
  private final Map<CellKey, Long> witnesses = new LinkedHashMap<>();
  private final Deque<Wish> wishes = new ArrayDeque<>();
  private final Map<Integer, Eviction> evictions = new HashMap<>();
  private volatile View view;
  private PinMap map = PinMap.EMPTY;
  private @Nullable PinMap memory; // of the store's former life
  private Stamp acked = Stamp.NONE;
  private long beats;
  private long answered; // number of the newest beat whose answer was taken
  private long heldUntilNanos;
  private long settled;
  private long commits;
  private long pendingCommit; // number of the one under way, 0 for none
  private long committingSinceNanos;

  private record Arrival(long version, long atNanos) {}

  private record Eviction(long version, long seenNanos) {}

  private static final class Wish {
    final Order order;
    final Consumer<Order.Result> told;
    int tries;

    Wish(Order order, Consumer<Order.Result> told) {
      this.order = order;
      this.told = told;
    }
  }

  /**
   * A keeper under the standard terms.
   *
   * @param gateway name of this process, unlike all others
   * @param barrier runs a task once every loop works by the latest {@link #view}
   */
  public static Keeper of(
      String gateway, MapStore store, Outlook outlook, Ticker ticker, Consumer<Runnable> barrier) {
    return new Keeper(gateway, store, outlook, ticker, Terms.STANDARD, barrier);
  }

  Keeper(
      String gateway,
      MapStore store,
      Outlook outlook,
      Ticker ticker,
      Terms terms,
      Consumer<Runnable> barrier) {
    this.gateway = gateway;
    this.store = store;
    this.outlook = outlook;
    this.ticker = ticker;
    this.terms = terms;
    this.barrier = barrier;
    this.pace = new Pace(outlook);
    // A process that was started again must not repeat a word of its former life: who sees the same
    // word takes it for silence, and silence for a lease that has ended.
    this.beats = ticker.epochMillis();
    this.view = View.unleased(map, ticker);
  }

  /** The map and the lease on it. */
  public View view() {
    return view;
  }

  /** Reads the map and does what is due. To be called again and again, see {@link #restless}. */
  public void beat() {
    long number = ++beats;
    long sentNanos = ticker.nanos();
    store.beat(
        gateway,
        word().text(),
        map.stamp(),
        reading -> {
          if (reading != null && number > answered) {
            answered = number;
            read(reading, sentNanos);
          }
        });
  }

  /** Whether beats should follow each other fast. */
  public boolean restless() {
    return map.restless()
        || memory != null
        || !witnesses.isEmpty()
        || !wishes.isEmpty()
        || !outlook.suspects().isEmpty()
        || ticker.nanos() < heldUntilNanos;
  }

  private Peers.Word word() {
    return new Peers.Word(beats, acked, outlook.suspects(), outlook.convicts());
  }

  private void read(MapStore.Reading reading, long sentNanos) {
    long nowNanos = ticker.nanos();
    if (!reading.stamp().incarnation().equals(map.stamp().incarnation())) {
      if (!reading.whole()) {
        return;
      }
      begin(nowNanos);
      map = PinMap.EMPTY.read(reading);
    } else if (reading.stamp().version() > map.version()) {
      map = map.read(reading);
    }
    peers.saw(reading.board(), sentNanos, nowNanos);
    if (reading.stamp().equals(map.stamp())) {
      boolean held = sentNanos - heldUntilNanos < 0;
      arrived(held ? nowNanos : sentNanos + terms.leaseNanos(), nowNanos);
    }
    act(nowNanos);
  }

  /** The store has begun a new life: nobody writes until all that remember more could say so. */
  private void begin(long nowNanos) {
    PinMap before = map;
    PinMap older = memory;
    if (older == null || before.version() >= older.version()) {
      memory = before.stamp().equals(Stamp.NONE) ? null : before;
    }
    heldUntilNanos = store.isShared() ? nowNanos + terms.waitNanos() : nowNanos;
    arrivals.clear();
    settled = 0;
    pendingCommit = 0;
  }

  private void arrived(long leaseEndNanos, long nowNanos) {
    View before = view;
    View now = View.until(map, leaseEndNanos, ticker);
    view = now;
    Arrival last = arrivals.peekLast();
    if (last == null || last.version() < map.version()) {
      arrivals.add(new Arrival(map.version(), nowNanos));
    }
    if (before.map() == now.map() && acked.equals(map.stamp())) {
      return;
    }
    for (int region : outlook.regions()) {
      RegionPhase phase = map.region(region);
      Eviction seen = evictions.get(region);
      if (phase.phase() == Phase.EVICTED
          && phase.automatic()
          && (seen == null || seen.version() != phase.changed())) {
        evictions.put(region, new Eviction(phase.changed(), nowNanos));
      }
    }
    Stamp stamp = map.stamp();
    barrier.accept(() -> acked = stamp);
  }

  private void act(long nowNanos) {
    boolean busy = pendingCommit != 0 && nowNanos - committingSinceNanos < COMMIT_NANOS;
    if (busy) {
      return;
    }
    Change change = remembered();
    if (change == null && nowNanos - heldUntilNanos >= 0) {
      change = due(nowNanos);
    }
    if (change != null) {
      commit(change, null, nowNanos);
    }
  }

  private @Nullable Change remembered() {
    PinMap before = memory;
    if (before == null) {
      return null;
    }
    Change change = map.learn(before, "remembered by " + gateway);
    if (change.isEmpty()) {
      memory = null;
      return null;
    }
    return change;
  }

  private @Nullable Change due(long nowNanos) {
    for (Iterator<Map.Entry<CellKey, Long>> all = witnesses.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<CellKey, Long> seen = all.next();
      Change change = map.witness(seen.getKey(), seen.getValue());
      if (change != null) {
        return change;
      }
      all.remove();
    }
    if (wish(nowNanos)) {
      return null;
    }
    Rules.Sight sight = sight(nowNanos);
    Change change = new Rules(map, sight, outlook).next();
    boolean leading = sight.live().keySet().iterator().next().equals(gateway);
    return change == null && leading ? pace.next(map, sight, nowNanos) : change;
  }

  private Rules.Sight sight(long nowNanos) {
    Map<String, Peers.Word> live = peers.voters(terms.liveNanos(), nowNanos);
    live.put(gateway, word());
    int known = peers.within(terms.knownNanos(), nowNanos).size();
    int majority =
        live.size() * 2 >= known ? terms.quorum().applyAsInt(live.size()) : Integer.MAX_VALUE;
    boolean calm = true;
    for (Eviction eviction : evictions.values()) {
      calm &= nowNanos - eviction.seenNanos() >= CALM_NANOS;
    }
    return new Rules.Sight(safe(nowNanos), live, majority, calm, ticker.epochMillis());
  }

  private long safe(long nowNanos) {
    while (!arrivals.isEmpty() && nowNanos - arrivals.element().atNanos() >= terms.waitNanos()) {
      settled = arrivals.remove().version();
    }
    long ackedByAll = peers.ackedByAll(map.stamp().incarnation(), terms.waitNanos(), nowNanos);
    return Math.max(settled, Math.min(ackedByAll, map.version()));
  }

  private boolean wish(long nowNanos) {
    while (!wishes.isEmpty()) {
      Wish wish = wishes.element();
      Change change = wish.order.on(map, ticker.epochMillis());
      if (change != null && wish.tries++ < MOST_TRIES) {
        commit(change, wish, nowNanos);
        return true;
      }
      wishes.remove();
      wish.told.accept(change == null ? Order.Result.NOTHING : Order.Result.UNKNOWN);
    }
    return false;
  }

  private void commit(Change change, @Nullable Wish wish, long nowNanos) {
    Stamp expected = map.stamp();
    long number = ++commits;
    pendingCommit = number;
    committingSinceNanos = nowNanos;
    store.commit(
        expected,
        change.version(),
        change.fields(),
        change.note(),
        outcome -> {
          if (pendingCommit == number) {
            pendingCommit = 0;
          }
          committed(expected, change, wish, outcome);
        });
  }

  private void committed(
      Stamp expected, Change change, @Nullable Wish wish, MapStore.Outcome outcome) {
    if (wish != null && outcome != MapStore.Outcome.CONFLICT && wishes.remove(wish)) {
      wish.told.accept(outcome == MapStore.Outcome.DONE ? Order.Result.DONE : Order.Result.UNKNOWN);
    }
    if (outcome == MapStore.Outcome.DONE && map.stamp().equals(expected)) {
      map = map.with(change);
      arrived(view.leaseEndNanos(), ticker.nanos());
    }
    beat();
  }

  /** An epoch was seen that the map did not give; the map will catch up with it. */
  public void witness(CellKey key, long epoch) {
    if (map.owner(key).epoch() < epoch && witnesses.size() < MOST_WITNESSES) {
      witnesses.merge(key, epoch, Math::max);
    }
  }

  /** Writes what an operator wishes. */
  public void order(Order order, Consumer<Order.Result> told) {
    if (wishes.size() >= MOST_ORDERS) {
      told.accept(Order.Result.UNKNOWN);
      return;
    }
    wishes.add(new Wish(order, told));
    beat();
  }

  /** The latest notes of all gateways, newest first; null when the store does not answer. */
  public void history(int limit, Consumer<@Nullable List<String>> answer) {
    store.history(limit, answer);
  }
}
