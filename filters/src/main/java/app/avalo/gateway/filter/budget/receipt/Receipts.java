package app.avalo.gateway.filter.budget.receipt;

import io.vertx.core.Future;

/**
 * Remembers what was charged for requests that carry an id, for this day and the one before at
 * least. An id comes to the most that any of its requests cost, in whatever order they end, so
 * repeats change nothing. Called on one event loop, where answers arrive.
 */
public interface Receipts {
  /** Remembers nothing: each request pays for itself. */
  Receipts NONE = (receipt, micros) -> Future.succeededFuture(0L);

  /**
   * Takes down that a request of this id cost so much.
   *
   * @param micros at least 1
   * @return micro-units that the id was charged before; failed when nobody knows, or when there is
   *     no place to remember it: then it is charged in full
   */
  Future<Long> charge(Receipt receipt, long micros);
}
