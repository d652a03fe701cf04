package app.avalo.gateway.forward.choice;

/**
 * Pinned exchanges of one event loop that wait for their region, of which there are not more than
 * can be served in a moment once it is decided.
 */
public final class Waiting {
  /** Of one process. */
  private static final int MOST = 1000;

  private final int most;
  private volatile int waiting; // the event loop

  /** Those of one of so many loops. */
  public Waiting(int loops) {
    this.most = Math.max(1, MOST / loops);
  }

  /** Lets one in, who leaves once; false while there is no room. */
  @SuppressWarnings("NonAtomicOperationOnVolatileField") // one writer
  boolean enter() {
    if (waiting >= most) {
      return false;
    }
    waiting++;
    return true;
  }

  @SuppressWarnings("NonAtomicOperationOnVolatileField") // one writer
  void leave() {
    waiting--;
  }

  /** How many wait; any thread. */
  public int count() {
    return waiting;
  }
}
