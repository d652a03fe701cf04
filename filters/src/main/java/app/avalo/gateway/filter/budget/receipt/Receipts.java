package app.avalo.gateway.filter.budget.receipt;

import io.vertx.core.Future;

/**
 * Remembers for two days what was charged for requests that carry an id; when there are too many,
 * the older ones are forgotten. An id comes to the most that any of its requests cost, in whatever
 * order they end, so repeats change nothing. Called on one event loop, where answers arrive.
 */
public interface Receipts {
  /** Remembers nothing: each request pays for itself. */
  Receipts NONE = (receipt, micros) -> Future.succeededFuture(0L);

  /**
   * Takes down that a request of this id cost so much.
   *
   * @param micros at least 1
   * @return micro-units that the id was charged before; failed when nobody knows: then the request
   *     is charged in full
   */
  Future<Long> charge(Receipt receipt, long micros);
}
