package app.avalo.gateway.filter.latency;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The last samples of each pair, in one table of fixed size: 48 bytes a pair. A pair may stand in
 * any of the eight places of its row; in a full row the one measured longest ago gives way.
 *
 * <p>Readers on any thread take no lock: what they need of a pair is one word, written between two
 * changes of its key. Writers take the table's lock for well under a microsecond.
 */
final class SampleTable {
  /** Samples kept of a pair. */
  static final int DEPTH = 8;

  private static final int WAYS = 8;
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  private volatile long[] keys = {}; // 0: free; empty until something is learned
  private long[] facts = {};
  private float[] rings = {}; // oldest first
  private final int rowBits;
  private final float[] sorted = new float[DEPTH];

  /** A table of {@code 8 << rowBits} pairs. */
  SampleTable(int rowBits) {
    this.rowBits = rowBits;
  }

  /** Takes its memory with the first sample; who sees the keys sees the rest. */
  private void open() {
    if (keys.length == 0) {
      rings = new float[DEPTH * WAYS << rowBits];
      facts = new long[WAYS << rowBits];
      keys = new long[WAYS << rowBits];
    }
  }

  /** Sees pairs as they were at some moment during the walk. */
  interface Visitor {
    /**
     * One pair.
     *
     * @param samples oldest first; as many as the facts say, valid during the call only
     */
    void pair(long key, long facts, float[] samples);
  }

  int capacity() {
    return WAYS << rowBits;
  }

  /** What is known of a pair, see {@link #quantile} and its like; 0 for nothing. */
  long facts(long key) {
    long[] keys = this.keys;
    if (keys.length == 0) {
      return 0;
    }
    int row = row(key);
    for (int at = row; at < row + WAYS; at++) {
      if ((long) WORDS.getAcquire(keys, at) == key) {
        long found = (long) WORDS.getAcquire(facts, at);
        return (long) WORDS.getAcquire(keys, at) == key ? found : 0;
      }
    }
    return 0;
  }

  /** The quantile of the samples, in milliseconds. */
  static float quantile(long facts) {
    return Float.intBitsToFloat((int) (facts >>> 32));
  }

  /** How many samples there are, 0 to {@link #DEPTH}. */
  static int count(long facts) {
    return (int) facts >>> 28 & 0xf;
  }

  /** Minute of the newest sample, since 1970. */
  static int minute(long facts) {
    return (int) facts & 0x0fff_ffff;
  }

  private static long facts(float quantile, int count, int minute) {
    return (long) Float.floatToRawIntBits(quantile) << 32
        | (count << 28 | minute & 0x0fff_ffff) & 0xffff_ffffL;
  }

  private int row(long key) {
    return (int) (key >>> 64 - rowBits) * WAYS;
  }

  /**
   * Adds a sample.
   *
   * @param quantile share of the samples below what {@link #quantile} will say
   * @param level whose rule says when older samples no longer count
   */
  synchronized void add(long key, float millis, int minute, Level level) {
    open();
    int at = place(key);
    long before = facts[at];
    int count = keys[at] == key ? count(before) : 0;
    int first = at * DEPTH;
    if (count > 0
        && level.jumps(quantile(before), millis)
        && level.jumps(quantile(before), rings[first + count - 1])) {
      rings[first] = rings[first + count - 1];
      count = 1;
    }
    if (count == DEPTH) {
      System.arraycopy(rings, first + 1, rings, first, DEPTH - 1);
      count--;
    }
    rings[first + count++] = millis;
    int newest = keys[at] == key ? Math.max(minute, minute(before)) : minute;
    write(at, key, facts(quantile(first, count, level.quantile()), count, newest));
  }

  /** Takes over a pair that another table knows; false if this one knows newer. */
  synchronized boolean merge(long key, long facts, float[] samples) {
    open();
    int at = place(key);
    if (key == 0 || count(facts) == 0 || count(facts) > DEPTH) {
      throw new IllegalArgumentException("a pair without samples");
    }
    if (this.facts[at] != 0 && minute(facts) <= minute(this.facts[at])) {
      return false;
    }
    System.arraycopy(samples, 0, rings, at * DEPTH, count(facts));
    write(at, key, facts);
    return true;
  }

  private void write(int at, long key, long words) {
    if (keys[at] != key) {
      WORDS.setRelease(keys, at, 0L);
      WORDS.setRelease(facts, at, words);
      VarHandle.fullFence();
      WORDS.setRelease(keys, at, key);
    } else {
      WORDS.setRelease(facts, at, words);
    }
  }

  /** Where the pair stands, else a free place, else the one to give way. */
  private int place(long key) {
    int row = row(key);
    int oldest = row;
    for (int at = row; at < row + WAYS; at++) {
      if (keys[at] == key) {
        return at;
      }
      if (keys[oldest] != 0 && (keys[at] == 0 || minute(facts[at]) < minute(facts[oldest]))) {
        oldest = at;
      }
    }
    return oldest;
  }

  private float quantile(int first, int count, double share) {
    System.arraycopy(rings, first, sorted, 0, count);
    Arrays.sort(sorted, 0, count);
    double position = (count - 1) * share;
    int below = (int) position;
    int above = Math.min(count - 1, below + 1);
    return (float) (sorted[below] + (position - below) * (sorted[above] - sorted[below]));
  }

  /** Shows every pair; for threads that may take a while. */
  void forEach(Visitor visitor) {
    forEach(0, visitor);
  }

  /** The same, beginning at a place other than the first. */
  void forEach(int first, Visitor visitor) {
    float[] samples = new float[DEPTH];
    for (int i = 0; i < keys.length; i++) {
      int at = (first + i) % keys.length;
      long key;
      long words;
      synchronized (this) {
        key = keys[at];
        words = facts[at];
        System.arraycopy(rings, at * DEPTH, samples, 0, DEPTH);
      }
      if (key != 0) {
        visitor.pair(key, words, samples);
      }
    }
  }

  /** Pairs in the table; counts, so not for the way of a request. */
  int size() {
    int size = 0;
    for (int at = 0; at < keys.length; at++) {
      size += (long) WORDS.getOpaque(keys, at) != 0 ? 1 : 0;
    }
    return size;
  }
}
