package app.avalo.gateway.forward.body;

/**
 * Bounds the bytes of request bodies that one event loop holds at once. Room is taken for the
 * declared length before the first byte arrives, so that many slow clients cannot promise more than
 * the heap has. Without room a body is streamed, which holds almost nothing.
 */
public final class BodyRoom {
  private static final long LARGEST = 64L << 20;

  /** Share of the heap that one loop may hold; several loops must fit beside everything else. */
  private static final int SHARE = 16;

  private final long bytes;
  private long taken;

  /** Room for this many bytes. */
  public BodyRoom(long bytes) {
    this.bytes = bytes;
  }

  /** Room that suits this process's heap. */
  public static BodyRoom ofHeap() {
    return new BodyRoom(Math.min(LARGEST, Runtime.getRuntime().maxMemory() / SHARE));
  }

  /** Takes room, unless there is not enough. */
  public boolean take(int wanted) {
    if (taken + wanted > bytes) {
      return false;
    }
    taken += wanted;
    return true;
  }

  /** Gives it back. */
  public void give(int back) {
    taken -= back;
  }

  /** Bytes that are held or promised. */
  public long taken() {
    return taken;
  }
}
