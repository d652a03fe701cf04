package app.avalo.gateway.filter.redis;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.redis.client.Response;

/** One command that waits for its answer; settled once, by the answer or by the deadline. */
final class PendingCall {
  private final Promise<Response> promise = Promise.promise();
  private final long dueNanos;
  private boolean settled; // PendingCalls and Wire, one event loop

  PendingCall(long dueNanos) {
    this.dueNanos = dueNanos;
  }

  long dueNanos() {
    return dueNanos;
  }

  boolean settled() {
    return settled;
  }

  Future<Response> future() {
    return promise.future();
  }

  /** Passes the answer on; false when it came too late. */
  boolean answer(Response response) {
    if (settled) {
      return false;
    }
    settled = true;
    promise.complete(response);
    return true;
  }

  /** Gives up; false when it was settled before. */
  boolean fail(StoreUnavailable reason) {
    if (settled) {
      return false;
    }
    settled = true;
    promise.fail(reason);
    return true;
  }
}
