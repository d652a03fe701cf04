package app.avalo.gateway.filter.budget.receipt;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.function.ObjLongConsumer;

/**
 * Requests that are under way, in memory that outlives the process: for each one of 16 slots; when
 * these are taken it is not remembered. Guarded by its owner.
 *
 * <pre>
 *   0  high half of the id, low half, call, micro-units held
 *  32  check of all of it; the slot counts while it fits
 * </pre>
 */
final class Begun {
  private static final int SLOT = 40;
  private static final int SLOTS = 16;
  private static final int SHELVES = 1 << 11;
  static final int BYTES = SLOT * SLOTS * SHELVES;
  private static final int LOW = 8;
  private static final int CALL = 16;
  private static final int MICROS = 24;
  private static final int SEAL = 32;

  private final ByteBuffer table;
  private final int from;

  /** Those in {@link #BYTES} of this memory. */
  Begun(ByteBuffer table, int from) {
    this.table = table;
    this.from = from;
  }

  void put(Receipt receipt, long micros) {
    int shelf = shelf(receipt);
    for (int at = shelf; at < shelf + SLOTS * SLOT; at += SLOT) {
      if (!isTaken(at)) {
        table.putLong(at, receipt.high());
        table.putLong(at + LOW, receipt.low());
        table.putLong(at + CALL, receipt.call());
        table.putLong(at + MICROS, micros);
        VarHandle.releaseFence();
        table.putLong(at + SEAL, seal(at)); // last: a process that dies before leaves it free
        return;
      }
    }
  }

  void remove(Receipt receipt) {
    int shelf = shelf(receipt);
    for (int at = shelf; at < shelf + SLOTS * SLOT; at += SLOT) {
      if (table.getLong(at + CALL) == receipt.call() && isTaken(at)) {
        table.putLong(at + SEAL, 0);
        return;
      }
    }
  }

  /** All of them, with what is held for each. */
  void each(ObjLongConsumer<Receipt> with) {
    for (int at = from; at < from + BYTES; at += SLOT) {
      if (isTaken(at)) {
        Receipt receipt =
            new Receipt("", table.getLong(at), table.getLong(at + LOW), table.getLong(at + CALL));
        with.accept(receipt, table.getLong(at + MICROS));
      }
    }
  }

  void clear() {
    for (int at = from; at < from + BYTES; at += SLOT) {
      table.putLong(at + SEAL, 0);
    }
  }

  private int shelf(Receipt receipt) {
    return from + ((int) receipt.call() & SHELVES - 1) * SLOTS * SLOT;
  }

  private boolean isTaken(int at) {
    long seal = table.getLong(at + SEAL);
    return seal != 0 && seal == seal(at);
  }

  private long seal(int at) {
    long high = table.getLong(at) + table.getLong(at + CALL);
    return LocalReceipts.seal(high, table.getLong(at + LOW), table.getLong(at + MICROS), 1);
  }
}
