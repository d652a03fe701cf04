package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.redis.StoreUnavailable;

/** Makes of any failure of a call the one that callers know. */
final class Unavailable {
  static final StoreUnavailable DOWN = new StoreUnavailable("Redis is down");

  private Unavailable() {}

  static StoreUnavailable of(Throwable failure) {
    return failure instanceof StoreUnavailable known
        ? known
        : new StoreUnavailable(String.valueOf(failure.getMessage()));
  }
}
