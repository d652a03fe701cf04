package app.avalo.gateway.filter.budget.journal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ledger in a directory of its own. {@link #open} reads and {@link #close} writes, so both
 * belong off the event loops; the rest is safe everywhere and waits for no disk.
 */
public final class FileJournal implements Journal, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileJournal.class);

  /**
   * How long the writer lets entries and changes of counters gather before it writes them as one
   * group, unless somebody waits for them: what a machine that stops at once may lose, as of Redis
   * with {@code appendfsync everysec}. Forcing a file is what a ledger costs most, and mapped
   * memory holds them meanwhile.
   */
  private static final long GATHER_NANOS = 1_000_000_000;

  private static final long RETRY_NANOS = 500_000_000;

  /** Somebody waits for what was queued before. */
  private record Mark(CompletableFuture<Void> done) {}

  /** What goes to the file as one: entries and marks in their order, and the entries' lines. */
  private record Group(List<Record> records, Text text) {
    Group() {
      this(new ArrayList<>(), new Text());
    }

    void clear() {
      records.clear();
      text.clear();
    }
  }

  private final AtomicBoolean idle = new AtomicBoolean();
  private final Object order = new Object();
  private final Pad pad; // guarded by order
  private Group gathering = new Group(); // guarded by order
  private Group written = new Group(); // writer thread
  private final ConcurrentLinkedQueue<FileCounter> changed = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<FileCounter> ended = new ConcurrentLinkedQueue<>();
  private final Slots slots;
  private final Segments segments;
  private final Book book; // writer thread, after open
  private final Map<String, Map<String, Sheet>> recovered;
  private final Map<String, List<Entry>> hours;
  private final FileChannel lock;
  private final String replica;
  private final Thread writer = new Thread(this::work, "budget-ledger");
  private long sequence; // guarded by order
  private Set<FileCounter> looked = new LinkedHashSet<>(); // at last time; writer thread
  private volatile boolean failing; // writer thread
  private volatile boolean closing;
  private volatile boolean awaited; // whether somebody waits for a group

  private FileJournal(Path directory, FileChannel lock) throws IOException {
    this.lock = lock;
    this.replica = replica(directory.resolve("replica"));
    this.segments = new Segments(directory);
    this.book = segments.recover();
    Path latest = directory.resolve("budget-ledger.pad");
    Path counters = directory.resolve("budget-ledger.counters");
    Pad.read(latest, book.sequence()).forEach(book::apply);
    Slots.read(counters, book::apply);
    int charged = book.chargeOpen();
    if (charged > 0) {
      LOG.warn("holds of an earlier release charged at what was reserved: holds={}", charged);
    }
    this.sequence = book.sequence();
    this.recovered = new ConcurrentHashMap<>(book.copy());
    this.hours = book.hours();
    segments.start(book);
    this.pad = Pad.start(latest);
    this.slots = Slots.start(counters, book.lastCounter());
    book.forgetCounters();
  }

  /**
   * Opens the ledger of this directory, which is made when it does not exist.
   *
   * @throws IOException when it cannot be written, or belongs to a process that still runs
   */
  public static FileJournal open(Path directory) throws IOException {
    Files.createDirectories(directory);
    FileChannel lock =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (!locked(lock)) {
        throw new IOException("budget ledger is used by another process: " + directory);
      }
      FileJournal journal = new FileJournal(directory, lock);
      journal.writer.setDaemon(true);
      journal.writer.start();
      return journal;
    } catch (IOException failed) {
      lock.close();
      throw failed;
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock held = channel.tryLock();
      return held != null;
    } catch (OverlappingFileLockException sameProcess) {
      return false;
    }
  }

  private static String replica(Path file) throws IOException {
    if (Files.exists(file)) {
      byte[] bytes = Files.readAllBytes(file);
      String name = new String(bytes, StandardCharsets.ISO_8859_1);
      if (bytes.length == 16 && name.chars().allMatch(c -> Character.digit(c, 16) >= 0)) {
        return name;
      }
      LOG.error("replica name unreadable, a new one is made: file={}", file);
    }
    String name = HexFormat.of().toHexDigits(RandomGenerator.getDefault().nextLong());
    Files.writeString(file, name, StandardCharsets.ISO_8859_1);
    return name;
  }

  /** This gateway's name among those that share budgets; it stays across restarts. */
  public String replica() {
    return replica;
  }

  @Override
  public Map<String, Map<String, Sheet>> recovered() {
    return recovered;
  }

  @Override
  public List<Entry> hours(String budget) {
    return hours.getOrDefault(budget, List.of());
  }

  @Override
  public void append(Entry entry) {
    synchronized (order) {
      Text text = gathering.text();
      int from = text.length();
      entry.writeTo(text, ++sequence);
      pad.put(text.bytes(), from, text.length() - from);
      gathering.records().add(new Entry.Line(sequence, entry));
    }
    wake();
  }

  @Override
  public Counter counter(String budget, String term, String label) {
    return slots.take(this, new Slot.Name(budget, term, label));
  }

  @Override
  public void forget(String budget) {
    recovered.remove(budget);
    append(new Entry(Entry.Kind.FORGET, "", budget, "", "", slots.latest()));
  }

  /** A counter moved for the first time since the writer looked at it. */
  void changed(FileCounter counter) {
    changed.add(counter);
    wake();
  }

  /** There is something that the writer should not let gather. */
  void hurry() {
    if (!awaited) {
      awaited = true;
      LockSupport.unpark(writer);
    }
  }

  void ended(FileCounter counter) {
    ended.add(counter);
    wake();
  }

  @Override
  public CompletableFuture<Void> flush() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    synchronized (order) {
      gathering.records().add(new Mark(done));
      awaited = true;
    }
    LockSupport.unpark(writer);
    return done;
  }

  @Override
  public boolean failing() {
    return failing || !closing && !writer.isAlive();
  }

  private boolean isEmpty() {
    synchronized (order) {
      return gathering.records().isEmpty()
          && changed.isEmpty()
          && ended.isEmpty()
          && looked.isEmpty();
    }
  }

  private void wake() {
    if (idle.get() && idle.compareAndSet(true, false)) {
      LockSupport.unpark(writer);
    }
  }

  /** Writes what is queued and ends the writer. Blocks until then. */
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(writer);
    try {
      writer.join(5_000);
      slots.close();
      lock.close();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (IOException failed) {
      LOG.warn("budget ledger lock not released: {}", failed.toString());
    }
  }

  private void work() {
    while (!closing || !isEmpty()) {
      if (isEmpty() && segments.isOpen()) {
        idle.set(true);
        if (isEmpty() && !closing && !awaited) {
          LockSupport.park(this);
        }
        idle.set(false);
      }
      if (!closing && !awaited) {
        LockSupport.parkNanos(this, GATHER_NANOS);
      }
      commit();
    }
    segments.close();
  }

  /**
   * One group: applied to the book first, so that a failing disk loses nothing in memory. Whatever
   * fails, the writer goes on: nobody else would put money on disk.
   */
  private void commit() {
    List<CompletableFuture<Void>> waiting = new ArrayList<>();
    Set<FileCounter> moved = new LinkedHashSet<>();
    Set<FileCounter> over = new LinkedHashSet<>();
    try {
      drain(changed, moved);
      Group group = gathered();
      drain(ended, over);
      apply(group.records(), waiting);
      Throwable unread = count(group.text(), moved, over);
      if (segments.append(group.text(), book)) {
        LOG.info("budget ledger written again");
      }
      release(over);
      slots.grow();
      failing = failing && unread != null;
      if (unread != null) {
        fault(unread, waiting);
      }
      waiting.forEach(done -> done.complete(null));
    } catch (IOException | RuntimeException | Error failed) {
      segments.close(); // it may end in half a line; the book is written anew
      again(moved, over);
      fault(failed, waiting);
    } finally {
      written.clear();
    }
  }

  private Group gathered() {
    synchronized (order) {
      Group group = gathering;
      gathering = written;
      written = group;
      awaited = false;
      return group;
    }
  }

  private void apply(List<Record> records, List<CompletableFuture<Void>> waiting) {
    for (Record next : records) {
      if (next instanceof Mark mark) {
        waiting.add(mark.done());
      }
    }
    for (Record next : records) {
      if (next instanceof Entry.Line line) {
        book.apply(line);
      }
    }
  }

  /** What a failed group had of counters and lines that the book has not is due once more. */
  private void again(Set<FileCounter> moved, Set<FileCounter> over) {
    if (!closing) {
      changed.addAll(moved);
      ended.addAll(over);
    }
    List<Record> missing = written.records();
    missing.removeIf(
        each -> !(each instanceof Entry.Line line) || line.sequence() <= book.sequence());
    synchronized (order) {
      gathering.records().addAll(0, missing);
    }
  }

  /**
   * Lines for the counters that moved. Each is looked at once more the next time, since what its
   * owner set just before it heard that the writer had looked may only be seen then.
   *
   * @param over those of them that move no more; without those that could not be read, afterwards
   * @return why some could not be read, or null; they are looked at again
   */
  private @Nullable Throwable count(Text text, Set<FileCounter> moved, Set<FileCounter> over) {
    Set<FileCounter> due = new LinkedHashSet<>(looked);
    due.addAll(moved);
    due.addAll(over);
    looked = moved;
    Throwable unread = null;
    for (FileCounter counter : due) {
      try {
        Entry entry = counter.due();
        if (entry != null) {
          book.apply(entry);
          entry.writeTo(text, 0);
        }
      } catch (RuntimeException | Error failed) {
        // A page of a mapped file that the disk does not give back: InternalError.
        unread = failed;
        Queue<FileCounter> queue = over.remove(counter) ? ended : changed;
        if (!closing) {
          queue.add(counter);
        }
      }
    }
    return unread;
  }

  private static void drain(Queue<FileCounter> queue, Set<FileCounter> to) {
    for (FileCounter each = queue.poll(); each != null; each = queue.poll()) {
      to.add(each);
    }
  }

  private void release(Set<FileCounter> over) throws IOException {
    if (!over.isEmpty()) {
      looked.removeAll(over);
      slots.release(over);
      book.forget(over.stream().map(FileCounter::number).toList());
    }
  }

  private void fault(Throwable failed, List<CompletableFuture<Void>> waiting) {
    if (!failing) {
      LOG.error("budget ledger not written, kept in memory: cause={}", failed.toString());
    }
    failing = true;
    waiting.forEach(done -> done.completeExceptionally(failed));
    if (!closing) {
      LockSupport.parkNanos(this, RETRY_NANOS);
    }
  }
}
