package app.avalo.gateway.observe;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counters that one event loop adds to and everybody may read. Adding is a plain read and an opaque
 * write: no fence, no lock prefix.
 */
final class Cells {
  private final AtomicLongArray values;

  Cells(int count) {
    values = new AtomicLongArray(count);
  }

  /** Only the owning loop calls this. */
  void add(int cell, long amount) {
    values.setOpaque(cell, values.getPlain(cell) + amount);
  }

  long get(int cell) {
    return values.getOpaque(cell);
  }

  /** Adds all cells to sums of the same length. */
  void addTo(long[] sums) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += get(i);
    }
  }

  int count() {
    return values.length();
  }
}
