package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.MapStore;
import app.avalo.gateway.filter.pin.cell.Register;
import app.avalo.gateway.filter.pin.cell.Stamp;
import app.avalo.gateway.filter.time.Ticker;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A network without faults, three regions, and what gateways see of them, as a test sets it. */
final class CalmWorld implements Ticker, Outlook, MapStore {
  final VirtualTime time = new VirtualTime();
  final Set<Integer> suspects = new TreeSet<>();
  final Set<Integer> convicts = new TreeSet<>();
  final Set<Integer> leaving = new TreeSet<>();
  final Set<Integer> badly = new TreeSet<>();
  final double[] weights = {1, 1, 1};
  boolean ready = true;
  int usersPerCell = 1;
  BiConsumer<String, Map<String, String>> commits = (note, fields) -> {};
  private final Register register = new Register("life");

  /** A gateway that beats as it does in production. */
  Keeper gateway(String name) {
    Keeper keeper = keeper(name);
    tick(keeper);
    return keeper;
  }

  /** One that beats when the test says so. */
  Keeper keeper(String name) {
    return Keeper.of(name, this, this, this, Runnable::run);
  }

  private void tick(Keeper keeper) {
    keeper.beat();
    time.after(VirtualTime.millis(keeper.restless() ? 50 : 250), () -> tick(keeper));
  }

  void pass(long millis) {
    time.runUntil(time.nanos() + VirtualTime.millis(millis));
  }

  void dies(int region) {
    suspects.add(region);
    convicts.add(region);
  }

  void lives(int region) {
    suspects.remove(region);
    convicts.remove(region);
  }

  @Override
  public long nanos() {
    return time.nanos();
  }

  @Override
  public long epochMillis() {
    return time.nanos() / 1_000_000;
  }

  @Override
  public Iterable<Integer> regions() {
    return List.of(0, 1, 2);
  }

  @Override
  public double weight(int region) {
    return weights[region];
  }

  @Override
  public boolean allowed(int home, int region) {
    return true;
  }

  @Override
  public Set<Integer> suspects() {
    return Set.copyOf(suspects);
  }

  @Override
  public Set<Integer> convicts() {
    return Set.copyOf(convicts);
  }

  @Override
  public boolean leaving(int region) {
    return leaving.contains(region);
  }

  @Override
  public boolean ready(int region) {
    return ready;
  }

  @Override
  public Fare fare(int region) {
    return badly.contains(region) ? Fare.BADLY : Fare.WELL;
  }

  @Override
  public int users(CellKey cell) {
    return usersPerCell;
  }

  @Override
  public void beat(String gateway, String word, Stamp known, Consumer<@Nullable Reading> answer) {
    time.after(
        VirtualTime.millis(1),
        () -> {
          Reading reading = register.beat(gateway, word, known);
          time.after(VirtualTime.millis(1), () -> answer.accept(reading));
        });
  }

  @Override
  public void commit(
      Stamp expected,
      long version,
      Map<String, String> fields,
      String note,
      Consumer<Outcome> answer) {
    time.after(
        VirtualTime.millis(1),
        () -> {
          Outcome outcome = register.commit(expected, version, fields, note);
          if (outcome == Outcome.DONE) {
            commits.accept(note, fields);
          }
          time.after(VirtualTime.millis(1), () -> answer.accept(outcome));
        });
  }

  @Override
  public void history(int limit, Consumer<@Nullable List<String>> answer) {
    answer.accept(register.history(limit));
  }
}
