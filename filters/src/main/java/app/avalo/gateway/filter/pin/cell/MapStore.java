package app.avalo.gateway.filter.pin.cell;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A register of named fields for one group, changed by compare-and-set only, and a board where
 * gateways leave a word. Knows nothing of what the fields mean. Answers may be late, lost or
 * doubled; each is given on the thread that asked.
 */
public interface MapStore {
  /** Gateways on the board; more than that are not remembered. */
  int MOST_GATEWAYS = 64;

  /**
   * Leaves a word and reads what has changed.
   *
   * @param gateway who asks
   * @param word replaces the gateway's last one
   * @param known what the reader has: of this incarnation only later fields are sent
   * @param answer is told null when the store does not answer
   */
  void beat(String gateway, String word, Stamp known, Consumer<@Nullable Reading> answer);

  /**
   * Writes fields if the store still stands at the expected stamp.
   *
   * @param version of the state afterwards, higher than the expected
   * @param fields by name
   * @param note for the history
   */
  void commit(
      Stamp expected,
      long version,
      Map<String, String> fields,
      String note,
      Consumer<Outcome> answer);

  /** The latest notes, newest first; null when the store does not answer. */
  void history(int limit, Consumer<@Nullable List<String>> answer);

  /** Whether other processes may be writing by what they have read here. */
  default boolean isShared() {
    return true;
  }

  /** What became of a commit. */
  enum Outcome {
    DONE,
    /** The store stands elsewhere; nothing was written. */
    CONFLICT,
    /** No answer; it may have been written or may still be. */
    UNKNOWN
  }

  /**
   * One look at the store.
   *
   * @param stamp of the state read
   * @param whole whether the fields are all there are, not only the later ones
   * @param fields by name
   * @param board last words by gateway
   */
  record Reading(
      Stamp stamp, boolean whole, Map<String, String> fields, Map<String, String> board) {}
}
