package app.avalo.gateway.filter.limit.bucket;

import java.util.concurrent.atomic.AtomicLong;

/** Memory that tables of buckets share; nobody takes what is not there. Safe from every thread. */
public final class Room {
  private final AtomicLong left;

  public Room(long bytes) {
    this.left = new AtomicLong(bytes);
  }

  /** An eighth of a heap. */
  public static Room ofHeap() {
    return new Room(Runtime.getRuntime().maxMemory() / 8);
  }

  /** Bytes that nobody has. */
  long left() {
    return left.get();
  }

  boolean take(long bytes) {
    long now = left.get();
    while (now >= bytes) {
      if (left.compareAndSet(now, now - bytes)) {
        return true;
      }
      now = left.get();
    }
    return false;
  }

  void giveBack(long bytes) {
    left.addAndGet(bytes);
  }
}
