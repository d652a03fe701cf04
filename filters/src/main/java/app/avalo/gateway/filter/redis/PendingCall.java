package app.avalo.gateway.filter.redis;

import io.vertx.core.Future;
import io.vertx.core.Promise;

/** Somebody who waits for an answer; settled once, by the answer or by the deadline. */
public final class PendingCall<T> {
  private final Promise<T> promise = Promise.promise();
  private final long dueNanos;
  private boolean settled; // PendingCalls and Wire, one event loop

  PendingCall(long dueNanos) {
    this.dueNanos = dueNanos;
  }

  long dueNanos() {
    return dueNanos;
  }

  public boolean settled() {
    return settled;
  }

  public Future<T> future() {
    return promise.future();
  }

  /** Passes the answer on; false when it came too late. */
  public boolean answer(T response) {
    if (settled) {
      return false;
    }
    settled = true;
    promise.complete(response);
    return true;
  }

  /** Gives up; false when it was settled before. */
  public boolean fail(StoreUnavailable reason) {
    if (settled) {
      return false;
    }
    settled = true;
    promise.fail(reason);
    return true;
  }
}
