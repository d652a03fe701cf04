package app.avalo.gateway.filter.budget.receipt;

import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The receipts of a gateway that owns its budgets alone: a table of fixed size, in memory that a
 * file backs, so it outlives a kill. An id has 16 places; those of the days before yesterday are
 * free, and where none is the id is not remembered. Safe from every thread.
 *
 * <p>The file is made by parts of 1 MiB, when something is first remembered there:
 *
 * <pre>
 *   0  high half of the id, low half, micro-units
 *  24  day since 1970 (4 bytes), check of all of it (4 bytes); the place counts only while it fits
 * </pre>
 */
public final class LocalReceipts implements Receipts, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalReceipts.class);
  private static final long DAY_MILLIS = Duration.ofDays(1).toMillis();
  private static final int PARTS = 16;
  private static final int PART_BYTES = 1 << 20;
  private static final int SLOT_BYTES = 32;
  private static final int PLACES = 16;
  private static final int BUCKETS = PART_BYTES / SLOT_BYTES / PLACES;
  private static final int LOW = 8;
  private static final int MICROS = 16;
  private static final int SEAL = 24;
  private static final long MIX = 0x9e3779b97f4a7c15L;

  private final Ticker ticker;
  private final @Nullable FileChannel file;
  private final ByteBuffer[] parts = new ByteBuffer[PARTS]; // guarded by this
  private boolean failing; // guarded by this

  private LocalReceipts(Ticker ticker, @Nullable FileChannel file) {
    this.ticker = ticker;
    this.file = file;
  }

  /** That end with the process. */
  public static LocalReceipts inMemory(Ticker ticker) {
    return new LocalReceipts(ticker, null);
  }

  /**
   * That outlive it. What is damaged in the file is not remembered.
   *
   * @param path of a file that no other process uses
   * @throws IOException when it cannot be opened
   */
  public static LocalReceipts open(Path path, Ticker ticker) throws IOException {
    return new LocalReceipts(
        ticker,
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public Future<Long> charge(Receipt receipt, long micros) {
    try {
      long before = take(receipt, micros);
      return before < 0 ? Future.failedFuture(Forgotten.FULL) : Future.succeededFuture(before);
    } catch (IOException | InternalError disk) { // the latter for a page that cannot be read
      return failed(disk);
    }
  }

  private synchronized Future<Long> failed(Throwable disk) {
    if (!failing) {
      LOG.error("receipts not kept, repeated requests pay again: cause={}", disk.toString());
    }
    failing = true;
    return Future.failedFuture(disk);
  }

  private synchronized long take(Receipt receipt, long micros) throws IOException {
    int today = (int) Math.floorDiv(ticker.epochMillis(), DAY_MILLIS);
    ByteBuffer part = part((int) (receipt.high() >>> 60));
    int bucket = (int) (receipt.high() >>> 32) & BUCKETS - 1;
    int free = -1;
    for (int i = 0; i < PLACES; i++) {
      int at = (bucket * PLACES + i) * SLOT_BYTES;
      if (!isTaken(part, at, today)) {
        free = free < 0 ? at : free;
      } else if (part.getLong(at) == receipt.high() && part.getLong(at + LOW) == receipt.low()) {
        long before = part.getLong(at + MICROS);
        if (micros > before) {
          write(part, at, receipt, micros, today);
        }
        return before;
      }
    }
    if (free < 0) {
      return -1;
    }
    write(part, free, receipt, micros, today);
    return 0;
  }

  private static boolean isTaken(ByteBuffer part, int at, int today) {
    long seal = part.getLong(at + SEAL);
    int day = (int) (seal >>> 32);
    return day >= today - 1
        && day <= today + 1 // a clock that was set back
        && seal == seal(part.getLong(at), part.getLong(at + LOW), part.getLong(at + MICROS), day);
  }

  /** The seal comes last: a process that dies before leaves a place that does not count. */
  private static void write(ByteBuffer part, int at, Receipt receipt, long micros, int day) {
    part.putLong(at + SEAL, 0);
    VarHandle.releaseFence();
    part.putLong(at, receipt.high());
    part.putLong(at + LOW, receipt.low());
    part.putLong(at + MICROS, micros);
    VarHandle.releaseFence();
    part.putLong(at + SEAL, seal(receipt.high(), receipt.low(), micros, day));
  }

  private static long seal(long high, long low, long micros, int day) {
    long mixed = ((high ^ low) * MIX + micros) * MIX + day;
    return (long) day << 32 | (mixed ^ mixed >>> 29) * MIX >>> 32;
  }

  private ByteBuffer part(int number) throws IOException {
    ByteBuffer known = parts[number];
    if (known == null) {
      known = (file == null ? ByteBuffer.allocateDirect(PART_BYTES) : map(file, number));
      parts[number] = known.order(ByteOrder.LITTLE_ENDIAN);
      failing = false;
    }
    return known;
  }

  /** Writes all of it first: a mapped hole on a full disk kills the process. */
  private static ByteBuffer map(FileChannel file, int number) throws IOException {
    long from = (long) number * PART_BYTES;
    ByteBuffer bytes = ByteBuffer.allocate(PART_BYTES);
    while (bytes.hasRemaining() && file.read(bytes, from + bytes.position()) >= 0) {
      // What is there already; beyond its end there are zeros.
    }
    bytes.clear();
    while (bytes.hasRemaining()) {
      file.write(bytes, from + bytes.position());
    }
    return file.map(FileChannel.MapMode.READ_WRITE, from, PART_BYTES).load();
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
