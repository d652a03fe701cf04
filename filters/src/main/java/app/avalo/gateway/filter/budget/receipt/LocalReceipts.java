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
 * file backs, so it outlives a kill. There is place for half a million ids, for each in one of 16
 * slots; when these are taken the oldest makes room. Safe from every thread.
 *
 * <pre>
 *   0  high half of the id, low half, micro-units
 *  24  seconds since 1970 (4 bytes), check of all of it (4 bytes); the slot counts while it fits
 * </pre>
 */
public final class LocalReceipts implements Receipts {
  private static final Logger LOG = LoggerFactory.getLogger(LocalReceipts.class);
  private static final long KEPT_SECONDS = Duration.ofDays(2).toSeconds();
  private static final int BYTES = 1 << 24;
  private static final int PIECE = 1 << 16;
  private static final int SLOT = 32;
  private static final int SLOTS = 16;
  private static final int SHELVES = BYTES / SLOT / SLOTS;
  private static final int LOW = 8;
  private static final int MICROS = 16;
  private static final int SEAL = 24;
  private static final long MIX = 0x9e3779b97f4a7c15L;

  private final Ticker ticker;
  private @Nullable ByteBuffer memory; // guarded by this; made when something is first remembered

  private LocalReceipts(Ticker ticker, @Nullable ByteBuffer memory) {
    this.ticker = ticker;
    this.memory = memory;
  }

  /** That end with the process. */
  public static LocalReceipts inMemory(Ticker ticker) {
    return new LocalReceipts(ticker, null);
  }

  /**
   * That outlive it, unless the file cannot be used. What is damaged in it is not remembered.
   * Blocks.
   *
   * @param path of a file that no other process uses
   */
  public static LocalReceipts open(Path path, Ticker ticker) {
    try (FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      LocalReceipts receipts = new LocalReceipts(ticker, map(file));
      receipts.chargeBegun();
      return receipts;
    } catch (IOException failed) {
      LOG.error("receipts end with this process: file={} cause={}", path, failed.toString());
      return inMemory(ticker);
    }
  }

  /** Writes all of it first: a mapped hole on a full disk kills the process. */
  private static ByteBuffer map(FileChannel file) throws IOException {
    for (int at = 0; at < BYTES + Begun.BYTES; at += PIECE) {
      ByteBuffer bytes = ByteBuffer.allocate(PIECE);
      while (bytes.hasRemaining() && file.read(bytes, at + bytes.position()) >= 0) {
        // What is there already; beyond its end there are zeros.
      }
      bytes.clear();
      while (bytes.hasRemaining()) {
        file.write(bytes, at + bytes.position());
      }
    }
    return file.map(FileChannel.MapMode.READ_WRITE, 0, BYTES + Begun.BYTES)
        .load()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** As the ledger does with what was held for them. */
  private synchronized void chargeBegun() {
    Begun begun = new Begun(table(), BYTES);
    begun.each((receipt, micros) -> take(receipt, micros));
    begun.clear();
  }

  @Override
  public Future<Long> begin(Receipt receipt, long micros) {
    try {
      return Future.succeededFuture(start(receipt, micros));
    } catch (InternalError unreadable) { // a page that the disk does not give back
      return Future.failedFuture(unreadable);
    }
  }

  private synchronized long start(Receipt receipt, long micros) {
    new Begun(table(), BYTES).put(receipt, micros);
    return take(receipt, 0);
  }

  @Override
  public Future<Charged> charge(Receipt receipt, long micros) {
    try {
      long before = end(receipt, micros);
      return Future.succeededFuture(new Charged(Math.max(0, micros - before), before > 0));
    } catch (InternalError unreadable) {
      return Future.failedFuture(unreadable);
    }
  }

  private synchronized long end(Receipt receipt, long micros) {
    long before = take(receipt, micros);
    new Begun(table(), BYTES).remove(receipt);
    return before;
  }

  private ByteBuffer table() {
    ByteBuffer table = memory;
    if (table == null) {
      table = ByteBuffer.allocateDirect(BYTES + Begun.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      memory = table;
    }
    return table;
  }

  /** What the id was charged before; from now on at least this. */
  private long take(Receipt receipt, long micros) {
    ByteBuffer table = table();
    int now = (int) (ticker.epochMillis() / 1000);
    int shelf = ((int) receipt.high() & SHELVES - 1) * SLOTS * SLOT;
    int oldest = shelf;
    long longest = -1;
    for (int at = shelf; at < shelf + SLOTS * SLOT; at += SLOT) {
      long age = age(table, at, now);
      if (age < KEPT_SECONDS
          && table.getLong(at) == receipt.high()
          && table.getLong(at + LOW) == receipt.low()) {
        long before = table.getLong(at + MICROS);
        if (micros > before) {
          write(table, at, receipt, micros, now);
        }
        return before;
      }
      if (age > longest) {
        oldest = at;
        longest = age;
      }
    }
    if (micros > 0) {
      write(table, oldest, receipt, micros, now);
    }
    return 0;
  }

  /**
   * Seconds since the slot was written, also by a clock that was set back; for ever if it is free.
   */
  private static long age(ByteBuffer table, int at, int now) {
    long seal = table.getLong(at + SEAL);
    int written = (int) (seal >>> 32);
    boolean whole =
        seal
            == seal(
                table.getLong(at), table.getLong(at + LOW), table.getLong(at + MICROS), written);
    return seal != 0 && whole ? Math.max(0, (long) now - written) : Long.MAX_VALUE;
  }

  /** The seal comes last: a process that dies before leaves a slot that is free. */
  private static void write(ByteBuffer table, int at, Receipt receipt, long micros, int now) {
    table.putLong(at + SEAL, 0);
    VarHandle.releaseFence();
    table.putLong(at, receipt.high());
    table.putLong(at + LOW, receipt.low());
    table.putLong(at + MICROS, micros);
    VarHandle.releaseFence();
    table.putLong(at + SEAL, seal(receipt.high(), receipt.low(), micros, now));
  }

  static long seal(long high, long low, long micros, int written) {
    long mixed = ((high ^ Long.rotateLeft(low, 32)) * MIX + micros) * MIX + written;
    return (long) written << 32 | (mixed ^ mixed >>> 29) * MIX >>> 32;
  }
}
