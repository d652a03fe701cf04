package app.avalo.gateway.filter.pin.cell;

import app.avalo.gateway.filter.pin.cell.MapStore.Outcome;
import app.avalo.gateway.filter.pin.cell.MapStore.Reading;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What every store does, in memory and at once: the reference that the others are compared with.
 * Not safe for use by several threads.
 */
public final class Register {
  /** Notes kept. */
  public static final int MOST_NOTES = 200;

  /** Version of a store that nobody has written to. */
  public static final long FIRST_VERSION = Owner.FLOOR;

  private final String incarnation;
  private final Map<String, Field> fields = new HashMap<>();
  private final Map<String, String> board = new LinkedHashMap<>(); // longest silent first
  private final Deque<String> notes = new ArrayDeque<>();
  private long version = FIRST_VERSION;

  private record Field(String text, long version) {}

  /** An empty one in a new life. */
  public Register(String incarnation) {
    this.incarnation = incarnation;
  }

  /** Puts back a field of a former life. */
  public void restore(String name, String text, long fieldVersion) {
    fields.put(name, new Field(text, fieldVersion));
    version = Math.max(version, fieldVersion);
  }

  /** Puts back a note; newest first. */
  public void restoreNote(String note) {
    notes.addLast(note);
  }

  public Stamp stamp() {
    return new Stamp(incarnation, version);
  }

  /** See {@link MapStore#beat}. */
  public Reading beat(String gateway, String word, Stamp known) {
    board.remove(gateway);
    board.put(gateway, word);
    if (board.size() > MapStore.MOST_GATEWAYS) {
      Iterator<String> names = board.keySet().iterator();
      names.next();
      names.remove();
    }
    boolean whole = !known.incarnation().equals(incarnation) || known.version() > version;
    Map<String, String> later = new HashMap<>();
    if (whole || known.version() < version) {
      fields.forEach(
          (name, field) -> {
            if (whole || field.version() > known.version()) {
              later.put(name, field.text());
            }
          });
    }
    return new Reading(stamp(), whole, later, Map.copyOf(board));
  }

  /** See {@link MapStore#commit}. */
  public Outcome commit(Stamp expected, long next, Map<String, String> changed, String note) {
    if (!expected.equals(stamp()) || next <= version) {
      return Outcome.CONFLICT;
    }
    version = next;
    changed.forEach((name, text) -> fields.put(name, new Field(text, next)));
    notes.addFirst(note);
    if (notes.size() > MOST_NOTES) {
      notes.removeLast();
    }
    return Outcome.DONE;
  }

  /** See {@link MapStore#history}. */
  public List<String> history(int limit) {
    List<String> latest = new ArrayList<>(notes);
    return latest.subList(0, Math.min(limit, latest.size()));
  }

  /** Visits all fields with their versions. */
  public void each(Visitor visitor) {
    fields.forEach((name, field) -> visitor.field(name, field.text(), field.version()));
  }

  /** Told of each field. */
  @FunctionalInterface
  public interface Visitor {
    void field(String name, String text, long version);
  }
}
