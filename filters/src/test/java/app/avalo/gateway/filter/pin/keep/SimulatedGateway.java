package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.MapStore;
import app.avalo.gateway.filter.pin.cell.Stamp;
import app.avalo.gateway.filter.time.Ticker;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A gateway that stalls, dies, is cut off, and whose clock runs too fast or too slow. */
final class SimulatedGateway implements CalmOutlook, Ticker, MapStore {
  private static final long SUSPECT_NANOS = VirtualTime.millis(400);
  private static final long CONVICT_NANOS = VirtualTime.millis(1400);

  private final String name;
  private final Network network;
  private final SimulatedStore store;
  private final Terms terms;
  private final double rate;
  private final boolean[] reaches = {true, true, true};
  private final long[] lostSince = new long[3];
  private Keeper keeper;
  private int generation;
  private long pausedUntil;

  SimulatedGateway(String name, Network network, SimulatedStore store, Terms terms, double rate) {
    this.name = name;
    this.network = network;
    this.store = store;
    this.terms = terms;
    this.rate = rate;
    this.keeper = begin();
  }

  private Keeper begin() {
    Keeper fresh = new Keeper(name, this, this, this, terms, Runnable::run);
    keeper = fresh;
    run(0, this::tick);
    return fresh;
  }

  private void tick() {
    keeper.beat();
    run(VirtualTime.millis(keeper.restless() ? 50 : 250), this::tick);
  }

  String name() {
    return name;
  }

  Keeper keeper() {
    return keeper;
  }

  boolean isPaused() {
    return network.time().nanos() < pausedUntil;
  }

  void pause(long nanos) {
    pausedUntil = network.time().nanos() + nanos;
  }

  /** Forgets everything, as a process that was killed and started again. */
  void restart() {
    generation++;
    pausedUntil = 0;
    begin();
  }

  void reaches(int region, boolean now) {
    if (reaches[region] && !now) {
      lostSince[region] = nanos();
    }
    reaches[region] = now;
  }

  boolean reaches(int region) {
    return reaches[region];
  }

  /** Runs later by this gateway's clock; not while it is paused, never after it was restarted. */
  void run(long nanos, Runnable task) {
    int mine = generation;
    network.time().after((long) (nanos / rate), () -> deliver(mine, task));
  }

  private void deliver(int mine, Runnable task) {
    if (mine != generation) {
      return;
    }
    if (isPaused()) {
      network.time().at(pausedUntil, () -> deliver(mine, task));
    } else {
      task.run();
    }
  }

  @Override
  public long nanos() {
    return (long) (network.time().nanos() * rate) + 12_345;
  }

  @Override
  public long epochMillis() {
    return 1_700_000_000_000L + network.time().nanos() / 1_000_000;
  }

  @Override
  public void beat(String gateway, String word, Stamp known, Consumer<@Nullable Reading> answer) {
    int mine = generation;
    network.send(
        name,
        () -> {
          Reading reading = store.beat(gateway, word, known);
          network.send(name, () -> deliver(mine, () -> answer.accept(reading)));
        });
  }

  @Override
  public void commit(
      Stamp expected,
      long version,
      Map<String, String> fields,
      String note,
      Consumer<Outcome> answer) {
    int mine = generation;
    network.send(
        name,
        () -> {
          Outcome outcome = store.commit(expected, version, fields, note);
          network.send(name, () -> deliver(mine, () -> answer.accept(outcome)));
        });
  }

  @Override
  public void history(int limit, Consumer<@Nullable List<String>> answer) {
    answer.accept(List.of());
  }

  @Override
  public Set<Integer> suspects() {
    return lostFor(SUSPECT_NANOS);
  }

  @Override
  public Set<Integer> convicts() {
    return lostFor(CONVICT_NANOS);
  }

  private Set<Integer> lostFor(long nanos) {
    Set<Integer> lost = new TreeSet<>();
    for (int region = 0; region < 3; region++) {
      if (!reaches[region] && nanos() - lostSince[region] >= nanos) {
        lost.add(region);
      }
    }
    return lost;
  }

  @Override
  public int users(CellKey cell) {
    return 20;
  }
}
