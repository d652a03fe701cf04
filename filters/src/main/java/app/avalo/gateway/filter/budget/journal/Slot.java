package app.avalo.gateway.filter.budget.journal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The place of a counter in mapped memory. Two copies of its state are written in turn, each
 * complete before its version says so, so whenever a process dies one of them is whole; both are in
 * one line of the cache. Numbers and names carry checksums, as a disk may damage them.
 *
 * <pre>
 *   0  version, micro-units spent and held, of these held, check   likewise at 32
 *  64  number of the counter, 0 for none; bytes of the name; checksum of number and name
 *  80  period, label and budget, between tabs
 * </pre>
 *
 * @param memory little-endian
 * @param at first byte, a multiple of {@link #BYTES}
 * @param mapped whether the memory is that of a file, which outlives the process
 */
record Slot(ByteBuffer memory, int at, boolean mapped) {
  static final int BYTES = 512;

  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int COPY = 32;
  private static final int MICROS = 8;
  private static final int HELD = 16;
  private static final int CHECK = 24;
  private static final int NUMBER = 64;
  private static final int LENGTH = 72;
  private static final int CHECKSUM = 76;
  private static final int NAME = 80;
  private static final int FIELDS = 3;
  private static final long MIX = 0x9e3779b97f4a7c15L;

  /**
   * What a counter stood at.
   *
   * @param version grows by one with every change; 0 before the first
   */
  record State(long version, long micros, long held) {}

  /** What a counter counts; at most 344 bytes, as names of the configuration and of purses are. */
  record Name(String budget, String term, String label) {
    private static Name of(byte[] bytes) {
      String[] fields = new String(bytes, StandardCharsets.UTF_8).split("\t", FIELDS);
      return new Name(fields[2], fields[0], fields[1]);
    }

    /** The budget is last, because a purse may be called anything. */
    private byte[] bytes() {
      return (term + '\t' + label + '\t' + budget).getBytes(StandardCharsets.UTF_8);
    }

    /** The line that says what that counter stands at. */
    Entry entry(long number, State state) {
      String id = number + ":" + state.version();
      return new Entry(Entry.Kind.COUNTER, id, budget, term, label, state.micros());
    }
  }

  /** Nobody is counted here any more. */
  void clear() {
    LONG.setRelease(memory, at + NUMBER, 0L);
  }

  /** From now on this is the place of that counter, which stands at zero. */
  void begin(long number, Name named) {
    byte[] name = named.bytes();
    clear();
    for (int i = 0; i < 2 * COPY; i += Long.BYTES) {
      LONG.set(memory, at + i, 0L);
    }
    memory.put(at + NAME, name);
    memory.putInt(at + LENGTH, name.length);
    memory.putInt(at + CHECKSUM, checksum(number, name));
    LONG.setRelease(memory, at + NUMBER, number);
  }

  private static int checksum(long number, byte[] name) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(0, number));
    crc.update(name);
    return (int) crc.getValue();
  }

  /** Of the counter whose place it is, 0 when it is free. */
  long number() {
    return (long) LONG.getAcquire(memory, at + NUMBER);
  }

  /** What is counted here, or null when that is damaged. */
  @Nullable Name name() {
    int length = memory.getInt(at + LENGTH);
    if (length < 0 || length > BYTES - NAME) {
      return null;
    }
    byte[] name = new byte[length];
    memory.get(at + NAME, name);
    return memory.getInt(at + CHECKSUM) == checksum(number(), name) ? Name.of(name) : null;
  }

  /** The next state of the counter at a place; the version before stays until this one is whole. */
  static void write(ByteBuffer memory, int at, long number, long version, long micros, long held) {
    int copy = at + (int) (version & 1) * COPY;
    VarHandle.releaseFence(); // not before the other copy is complete
    memory.putLong(copy + MICROS, micros);
    memory.putLong(copy + HELD, held);
    memory.putLong(copy + CHECK, check(number, version, micros, held));
    LONG.setRelease(memory, copy, version);
  }

  private static long check(long number, long version, long micros, long held) {
    long mixed = (micros + Long.rotateLeft(version, 32)) * MIX ^ held;
    return (mixed ^ mixed >>> 29) * MIX + number;
  }

  /** The latest that is whole, also while another thread writes; version 0 when nothing is. */
  State read(long number) {
    while (true) {
      long even = (long) LONG.getAcquire(memory, at);
      long odd = (long) LONG.getAcquire(memory, at + COPY);
      State state = even > odd ? copy(number, 0, even) : copy(number, COPY, odd);
      if (state == null) {
        state = even > odd ? copy(number, COPY, odd) : copy(number, 0, even);
      }
      VarHandle.acquireFence();
      // A copy that was overwritten meanwhile has a younger one beside it by now.
      if (even == (long) LONG.getAcquire(memory, at)
          && odd == (long) LONG.getAcquire(memory, at + COPY)) {
        return state == null ? new State(0, 0, 0) : state;
      }
    }
  }

  private @Nullable State copy(long number, int offset, long version) {
    int copy = at + offset;
    long micros = (long) LONG.get(memory, copy + MICROS);
    long held = (long) LONG.get(memory, copy + HELD);
    boolean whole = (long) LONG.get(memory, copy + CHECK) == check(number, version, micros, held);
    return whole ? new State(version, micros, held) : null;
  }
}
