package app.avalo.gateway.filter.pin;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.LocalMapStore;
import app.avalo.gateway.filter.pin.cell.MapStore;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.Stamp;
import app.avalo.gateway.filter.pin.keep.CalmOutlook;
import app.avalo.gateway.filter.pin.keep.Keeper;
import app.avalo.gateway.filter.pin.keep.Order;
import app.avalo.gateway.filter.pin.keep.View;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The map of one group, kept by a keeper alone in virtual time; counts what it asks its store. */
final class KeptGroup implements GroupMap, CalmOutlook, MapStore {
  final Set<Integer> dead = new TreeSet<>();
  boolean down;
  boolean idle; // beats once an hour, so that days pass quickly
  int calls;
  private final VirtualTime time;
  private final MapStore store = LocalMapStore.inMemory();
  private final Keeper keeper;

  KeptGroup(VirtualTime time) {
    this.time = time;
    this.keeper = Keeper.of("g", this, this, time, Runnable::run);
    beat();
  }

  private void beat() {
    keeper.beat();
    Duration pause = Duration.ofMillis(keeper.restless() ? 50 : 250);
    time.after(idle ? Duration.ofHours(1) : pause, this::beat);
  }

  void order(Order order) {
    keeper.order(order, result -> {});
  }

  @Override
  public View view() {
    return keeper.view();
  }

  @Override
  public void witness(CellKey key, long epoch) {
    keeper.witness(key, epoch);
  }

  @Override
  public void met(int home, long bits) {}

  @Override
  public void ended(Owner owner, boolean failed, long nanos) {}

  @Override
  public void move(CellKey user, int region, String why) {
    keeper.order(Order.move(user, region, why), result -> {});
  }

  @Override
  public void beat(String gateway, String word, Stamp known, Consumer<@Nullable Reading> answer) {
    calls++;
    if (!down) {
      store.beat(gateway, word, known, answer);
    }
  }

  @Override
  public void commit(
      Stamp expected,
      long version,
      Map<String, String> fields,
      String note,
      Consumer<Outcome> answer) {
    calls++;
    store.commit(expected, version, fields, note, answer);
  }

  @Override
  public void history(int limit, Consumer<@Nullable List<String>> answer) {
    store.history(limit, answer);
  }

  @Override
  public Set<Integer> suspects() {
    return dead;
  }

  @Override
  public Set<Integer> convicts() {
    return dead;
  }
}
