package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.redis.StoreUnavailable;

/** Makes of any failure of a call the one that callers know. */
final class Unavailable {
  private Unavailable() {}

  /** Whether nothing can have come of the call. */
  static boolean unsent(Throwable failure) {
    return failure instanceof StoreUnavailable known && known.unsent();
  }

  static StoreUnavailable of(Throwable failure) {
    return failure instanceof StoreUnavailable known
        ? known
        : new StoreUnavailable(String.valueOf(failure.getMessage()));
  }
}
