package app.avalo.gateway.filter.pin.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An append-only file of homes. Appending costs the caller a queue; writing and syncing happen on
 * the writer thread, one sync for all that came meanwhile. When most lines are outdated the file is
 * written anew beside the old one and takes its place in one step.
 *
 * <p>After a crash everything up to the first damaged line is there; the rest is cut off. A disk
 * that fails costs durability, never a request: the next write that works starts a new file with
 * everything that is alive.
 */
final class HomeLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HomeLog.class);
  private static final byte[] MAGIC = "AVHOMES1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int MOST_QUEUED = 100_000;
  private static final int BUFFER = 64 * 1024;
  private static final int COMPACT_FROM = 10_000;

  private final Path file;
  private final Executor writer;
  private final Supplier<Iterator<HomeRecord>> alive;
  private final Queue<HomeRecord> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER); // writer thread

  private FileChannel channel; // writer thread
  private long appended; // writer thread: lines since the file was last written anew
  private long kept; // writer thread: lines in it when it was
  private boolean failing; // writer thread: the last write failed, and the log says so
  private volatile boolean incomplete; // any thread: the file misses something

  private HomeLog(
      Path file, FileChannel channel, Executor writer, Supplier<Iterator<HomeRecord>> alive) {
    this.file = file;
    this.channel = channel;
    this.writer = writer;
    this.alive = alive;
  }

  /**
   * Opens the file, hands over what it holds, and cuts off what is damaged. Blocks.
   *
   * @param alive everything that a new file must hold; called on the writer thread
   * @throws IOException if the file cannot be read or written at all
   */
  static HomeLog open(
      Path file,
      Executor writer,
      Consumer<HomeRecord> restored,
      Supplier<Iterator<HomeRecord>> alive)
      throws IOException {
    Files.deleteIfExists(beside(file));
    setAsideUnlessOurs(file);
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      HomeLog log = new HomeLog(file, channel, writer, alive);
      log.restore(restored);
      return log;
    } catch (IOException | RuntimeException failure) {
      channel.close();
      throw failure;
    }
  }

  /**
   * A file that does not begin like ours is somebody's: kept under another name, not overwritten.
   */
  private static void setAsideUnlessOurs(Path file) throws IOException {
    if (!Files.exists(file) || Files.size(file) < MAGIC.length) {
      return;
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(MAGIC.length);
    }
    if (!Arrays.equals(start, MAGIC)) {
      Path aside = file.resolveSibling(file.getFileName() + ".unreadable");
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
      LOG.atWarn().addKeyValue("file", aside).log("not a log of homes, set aside");
    }
  }

  private static Path beside(Path file) {
    return file.resolveSibling(file.getFileName() + ".new");
  }

  private void restore(Consumer<HomeRecord> restored) throws IOException {
    long size = channel.size();
    long good = size < MAGIC.length ? 0 : MAGIC.length;
    buffer.clear();
    while (good > 0 && channel.read(buffer, good + buffer.position()) > 0) {
      buffer.flip();
      HomeRecord record;
      while ((record = HomeRecord.readFrom(buffer)) != null) {
        restored.accept(record);
        appended++;
      }
      if (buffer.position() == 0 && buffer.remaining() >= HomeRecord.LONGEST) {
        break;
      }
      good += buffer.position();
      buffer.compact();
    }
    buffer.clear();
    if (good < size) {
      LOG.atWarn()
          .addKeyValue("file", file)
          .addKeyValue("kept_bytes", good)
          .addKeyValue("dropped_bytes", size - good)
          .log("log of homes damaged, tail dropped");
      channel.truncate(good);
    }
    channel.position(good);
    if (good == 0) {
      writeFully(channel, ByteBuffer.wrap(MAGIC));
    }
  }

  /** Writes soon. Any thread. */
  void append(HomeRecord record) {
    if (queued.incrementAndGet() > MOST_QUEUED) {
      queued.decrementAndGet();
      incomplete = true;
    } else {
      queue.add(record);
    }
    if (scheduled.compareAndSet(false, true)) {
      try {
        writer.execute(this::write);
      } catch (RejectedExecutionException closing) {
        incomplete = true;
      }
    }
  }

  private void write() {
    scheduled.set(false);
    try {
      if (incomplete || appended > Math.max(COMPACT_FROM, 2 * kept)) {
        compact();
      }
      HomeRecord record;
      while ((record = queue.poll()) != null) {
        queued.decrementAndGet();
        put(record, channel);
        appended++;
      }
      flush(channel);
      channel.force(false);
      failing = false;
    } catch (IOException failure) {
      buffer.clear();
      if (!failing) {
        LOG.atError()
            .addKeyValue("file", file)
            .addKeyValue("reason", failure.toString())
            .log("homes not written to disk, kept in memory");
      }
      failing = true;
      incomplete = true;
    }
  }

  /** A line taken from the queue is in the live map already, so the new file cannot miss one. */
  private void compact() throws IOException {
    Path next = beside(file);
    incomplete = false;
    FileChannel fresh =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    long lines = 0;
    try {
      buffer.clear();
      buffer.put(MAGIC);
      for (Iterator<HomeRecord> all = alive.get(); all.hasNext(); lines++) {
        put(all.next(), fresh);
      }
      flush(fresh);
      fresh.force(true);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException failure) {
      fresh.close();
      throw failure;
    }
    channel.close();
    channel = fresh;
    kept = lines;
    appended = 0;
  }

  private void put(HomeRecord record, FileChannel to) throws IOException {
    if (buffer.remaining() < HomeRecord.LONGEST) {
      flush(to);
    }
    record.writeTo(buffer);
  }

  private void flush(FileChannel to) throws IOException {
    buffer.flip();
    writeFully(to, buffer);
    buffer.clear();
  }

  private static void writeFully(FileChannel to, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      to.write(bytes);
    }
  }

  /** Writes what is queued and closes the file; on the writer thread. */
  @Override
  public void close() throws IOException {
    write();
    channel.close();
  }
}
