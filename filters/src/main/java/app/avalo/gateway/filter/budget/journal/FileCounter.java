package app.avalo.gateway.filter.budget.journal;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A counter that stands in a slot. Its owner sets it, the journal's writer looks at it. */
final class FileCounter implements Counter {
  private final FileJournal journal;
  private final Slot slot;
  private final ByteBuffer memory; // of the slot, as it is written for each request
  private final int at; // likewise
  private final long number;
  private final Slot.Name name;
  private long version; // owner
  private boolean ended; // owner
  private volatile boolean changed; // since the writer looked
  private long written; // version of the latest line; writer thread

  FileCounter(FileJournal journal, Slot slot, long number, Slot.Name name) {
    this.journal = journal;
    this.slot = slot;
    this.memory = slot.memory();
    this.at = slot.at();
    this.number = number;
    this.name = name;
  }

  @Override
  public void set(long micros, long held) {
    Slot.write(memory, at, number, ++version, micros, held);
    if (!changed) {
      changed = true;
      journal.changed(this);
    }
  }

  @Override
  public void end() {
    if (!ended) {
      ended = true;
      journal.ended(this);
    }
  }

  /** The line that is due, or null; from here on the next change is heard of again. */
  @Nullable Entry due() {
    changed = false;
    Slot.State state = slot.read(number);
    if (state.version() == written) {
      return null;
    }
    written = state.version();
    return name.entry(number, state);
  }

  long number() {
    return number;
  }

  Slot slot() {
    return slot;
  }
}
