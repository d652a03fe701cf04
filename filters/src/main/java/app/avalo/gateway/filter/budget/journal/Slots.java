package app.avalo.gateway.filter.budget.journal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a ledger in which counters stand: slots in mapped memory, more as they are needed.
 * Safe from every thread.
 */
final class Slots {
  private static final Logger LOG = LoggerFactory.getLogger(FileJournal.class);
  private static final int CHUNK = 1 << 20;

  /** Kept free, so that a loop that needs one does not wait for a disk. */
  private static final int AHEAD = 4096;

  private final FileChannel channel;
  private final ArrayDeque<Slot> free = new ArrayDeque<>(); // guarded by this
  private final ArrayDeque<Slot> unmapped = new ArrayDeque<>(); // likewise; die with the process
  private boolean failing; // writer thread
  private long number; // of the latest counter; guarded by this

  private Slots(FileChannel channel, long number) throws IOException {
    this.channel = channel;
    this.number = number;
    while (free.size() < AHEAD) {
      add(map(), true, free);
    }
  }

  /**
   * Where the counters of an earlier process stood when it ended; however many, in little memory.
   */
  static void read(Path file, Consumer<Entry> to) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    ByteBuffer memory = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    int damaged = 0;
    long inFlight = 0;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (fill(memory, channel)) {
        for (int at = 0; at + Slot.BYTES <= memory.limit(); at += Slot.BYTES) {
          Slot slot = new Slot(memory, at, false);
          long number = slot.number();
          Slot.Name name = number == 0 ? null : slot.name();
          if (name != null) {
            Slot.State state = slot.read(number);
            to.accept(name.entry(number, state));
            inFlight += state.held();
          }
          damaged += number != 0 && name == null ? 1 : 0;
        }
      }
    }
    if (damaged > 0) {
      LOG.error("budget counters damaged, they count as last written: counters={}", damaged);
    }
    if (inFlight > 0) {
      LOG.warn("holds of a crashed process charged at what was reserved: micros={}", inFlight);
    }
  }

  /** Whether there was more to read. */
  private static boolean fill(ByteBuffer memory, FileChannel from) throws IOException {
    memory.clear();
    while (memory.hasRemaining() && from.read(memory) >= 0) {
      // A whole chunk, but for the last.
    }
    memory.flip();
    return memory.limit() > 0;
  }

  /**
   * An empty file in the place of the one before.
   *
   * @param after number of the latest counter that anything is known of
   */
  static Slots start(Path file, long after) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".draft");
    FileChannel channel =
        FileChannel.open(
            draft,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    try {
      Slots slots = new Slots(channel, after);
      channel.force(true);
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      return slots;
    } catch (IOException failed) {
      channel.close();
      throw failed;
    }
  }

  /** Takes the space at once: a mapped hole on a full disk kills the process. */
  private MappedByteBuffer map() throws IOException {
    long from = channel.size();
    ByteBuffer zeros = ByteBuffer.allocate(CHUNK);
    try {
      while (zeros.hasRemaining()) {
        channel.write(zeros, from + zeros.position());
      }
    } catch (IOException full) {
      channel.truncate(from); // others need what is left of the disk
      throw full;
    }
    return channel.map(FileChannel.MapMode.READ_WRITE, from, CHUNK).load();
  }

  private static void add(ByteBuffer chunk, boolean mapped, ArrayDeque<Slot> to) {
    ByteBuffer memory = chunk.order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < CHUNK; at += Slot.BYTES) {
      to.add(new Slot(memory, at, mapped));
    }
  }

  /** A counter that stands at zero. */
  synchronized FileCounter take(FileJournal journal, Slot.Name name) {
    Slot slot = free.poll();
    if (slot == null) {
      // More were asked for at once than are kept free, or the disk is full.
      if (unmapped.isEmpty()) {
        add(ByteBuffer.allocateDirect(CHUNK), false, unmapped);
      }
      slot = unmapped.remove();
    }
    if (free.size() < AHEAD) {
      journal.hurry();
    }
    slot.begin(++number, name);
    return new FileCounter(journal, slot, number, name);
  }

  /** Number of the latest counter. */
  synchronized long latest() {
    return number;
  }

  private synchronized boolean isShort() {
    return free.size() < AHEAD;
  }

  /** Makes room before it is needed; for the writer. */
  void grow() {
    try {
      while (isShort()) {
        MappedByteBuffer more = map();
        synchronized (this) {
          add(more, true, free);
        }
      }
      failing = false;
    } catch (IOException full) {
      if (!failing) {
        LOG.error("new budget counters will not outlive a kill: cause={}", full.toString());
      }
      failing = true;
    }
  }

  /**
   * The places of counters that ended are free, on disk too: one that came back after a loss of
   * power would count again.
   */
  void release(Collection<FileCounter> ended) throws IOException {
    Set<MappedByteBuffer> chunks = Collections.newSetFromMap(new IdentityHashMap<>());
    for (FileCounter counter : ended) {
      counter.slot().clear();
      if (counter.slot().mapped()) {
        chunks.add((MappedByteBuffer) counter.slot().memory());
      }
    }
    try {
      chunks.forEach(MappedByteBuffer::force);
    } catch (UncheckedIOException failed) {
      throw failed.getCause();
    }
    synchronized (this) {
      for (FileCounter counter : ended) {
        (counter.slot().mapped() ? free : unmapped).add(counter.slot());
      }
    }
  }

  void close() throws IOException {
    channel.close();
  }
}
