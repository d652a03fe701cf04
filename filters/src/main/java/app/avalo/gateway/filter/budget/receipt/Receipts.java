package app.avalo.gateway.filter.budget.receipt;

import io.vertx.core.Future;

/**
 * Remembers for two days what was charged for requests that carry an id; when there are too many,
 * the older ones are forgotten. An id comes to the most that any of its requests cost, in whatever
 * order they end, so repeats change nothing. One that never ends, as its gateway was killed, has
 * paid what it held. Called on one event loop, where answers arrive.
 */
public interface Receipts {
  /** Remembers nothing: each request pays for itself. */
  Receipts NONE =
      new Receipts() {
        @Override
        public Future<Long> begin(Receipt receipt, long micros) {
          return Future.succeededFuture(0L);
        }

        @Override
        public Future<Charged> charge(Receipt receipt, long micros) {
          return Future.succeededFuture(new Charged(micros, false));
        }
      };

  /**
   * What a request pays.
   *
   * @param micros micro-units that its id was not charged yet
   * @param repeat whether it is not the first of its id
   */
  record Charged(long micros, boolean repeat) {}

  /**
   * Takes down that a request of this id begins, with so much held for it.
   *
   * @param micros at least 1
   * @return micro-units that the id was charged before: so much less has to be held for this one
   */
  Future<Long> begin(Receipt receipt, long micros);

  /**
   * Takes down that a request of this id ended, once its beginning was answered, and cost so much.
   *
   * @param micros 0 if it was never sent
   * @return failed when nobody knows: then the request is charged in full, but for what was told
   *     when it began
   */
  Future<Charged> charge(Receipt receipt, long micros);
}
