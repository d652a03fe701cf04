package app.avalo.gateway.observe;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lines on their way from one event loop to the log's writer, as bytes in a ring. Wait-free for the
 * producer: a line that does not fit is dropped whole and counted.
 */
final class LineRing {
  private final byte[] ring;
  private final int mask;
  private final AtomicLong head = new AtomicLong(); // the writer: bytes taken
  private final AtomicLong tail = new AtomicLong(); // the loop: bytes of whole lines put in
  private final AtomicLong dropped = new AtomicLong(); // the loop
  private long knownHead; // the loop
  private long taken; // the writer

  /**
   * An empty ring.
   *
   * @param capacity in bytes, a power of two
   */
  LineRing(int capacity) {
    ring = new byte[capacity];
    mask = capacity - 1;
  }

  /** Puts a line in, or drops it; only the loop calls this. */
  boolean offer(byte[] line, int length) {
    long at = tail.getPlain();
    if (at + length - knownHead > ring.length) {
      knownHead = head.getAcquire();
      if (at + length - knownHead > ring.length) {
        dropped.setOpaque(dropped.getPlain() + 1);
        return false;
      }
    }
    int from = (int) at & mask;
    int first = Math.min(length, ring.length - from);
    System.arraycopy(line, 0, ring, from, first);
    System.arraycopy(line, first, ring, 0, length - first);
    tail.setRelease(at + length);
    return true;
  }

  /** Whether more than half is full, as the loop sees it. */
  boolean filling() {
    return tail.getPlain() - head.getOpaque() > ring.length / 2;
  }

  boolean isEmpty() {
    return head.getPlain() == tail.getAcquire();
  }

  /**
   * Writes out all whole lines; only the writer calls this. They count as taken also when writing
   * fails, so that a broken sink cannot stop the ring.
   */
  void drainTo(OutputStream sink) throws IOException {
    long from = head.getPlain();
    long to = tail.getAcquire();
    if (from == to) {
      return;
    }
    int start = (int) from & mask;
    int length = (int) (to - from);
    int first = Math.min(length, ring.length - start);
    taken += count(start, first) + count(0, length - first);
    try {
      sink.write(ring, start, first);
      sink.write(ring, 0, length - first);
    } finally {
      head.setRelease(to);
    }
  }

  /** Lines taken out so far; for the writer. */
  long taken() {
    return taken;
  }

  private int count(int from, int length) {
    int lines = 0;
    for (int i = from; i < from + length; i++) {
      lines += ring[i] == '\n' ? 1 : 0;
    }
    return lines;
  }

  long dropped() {
    return dropped.getOpaque();
  }
}
