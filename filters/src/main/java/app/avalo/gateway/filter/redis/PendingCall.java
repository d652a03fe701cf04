package app.avalo.gateway.filter.redis;

import io.vertx.core.Completable;

/** Somebody who waits for an answer; settled once, by the answer or by the deadline. */
public final class PendingCall<T> {
  private final long dueNanos;
  private final Completable<T> asker;
  private boolean settled; // PendingCalls and Wire, one event loop

  PendingCall(long dueNanos, Completable<T> asker) {
    this.dueNanos = dueNanos;
    this.asker = asker;
  }

  long dueNanos() {
    return dueNanos;
  }

  public boolean settled() {
    return settled;
  }

  /** Passes the answer on; false when it came too late. */
  public boolean answer(T response) {
    if (settled) {
      return false;
    }
    settled = true;
    asker.succeed(response);
    return true;
  }

  /** Gives up; false when it was settled before. */
  public boolean fail(StoreUnavailable reason) {
    if (settled) {
      return false;
    }
    settled = true;
    asker.fail(reason);
    return true;
  }
}
