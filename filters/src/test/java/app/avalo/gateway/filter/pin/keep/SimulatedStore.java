package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.MapStore.Outcome;
import app.avalo.gateway.filter.pin.cell.MapStore.Reading;
import app.avalo.gateway.filter.pin.cell.Register;
import app.avalo.gateway.filter.pin.cell.Stamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A store that dies, comes back as another incarnation, and may have lost its last commits. */
final class SimulatedStore {
  private final History history;
  private final List<Commit> log = new ArrayList<>();
  private Register register = new Register("life-0");
  private int lives;
  private boolean up = true;

  private record Commit(long version, Map<String, String> fields, String note) {}

  SimulatedStore(History history) {
    this.history = history;
  }

  @Nullable Reading beat(String gateway, String word, Stamp known) {
    return up ? register.beat(gateway, word, known) : null;
  }

  Outcome commit(Stamp expected, long version, Map<String, String> fields, String note) {
    if (!up) {
      return Outcome.UNKNOWN;
    }
    Outcome outcome = register.commit(expected, version, fields, note);
    if (outcome == Outcome.DONE) {
      log.add(new Commit(version, fields, note));
      history.committed(fields, note);
    }
    return outcome;
  }

  void die() {
    up = false;
  }

  /** Comes back without the last commits; the board is lost too when anything is. */
  void revive(int lost) {
    Map<String, String> board = register.beat("nobody", "", Stamp.NONE).board();
    register = new Register("life-" + ++lives);
    for (int i = 0; i < lost && !log.isEmpty(); i++) {
      log.remove(log.size() - 1);
    }
    for (Commit commit : log) {
      register.commit(register.stamp(), commit.version(), commit.fields(), commit.note());
    }
    board.forEach(
        (gateway, word) -> {
          if (!gateway.equals("nobody")) {
            register.beat(gateway, word, Stamp.NONE);
          }
        });
    up = true;
    history.storeRevived(register);
  }
}
