package app.avalo.gateway.filter;

import io.vertx.core.Future;

/**
 * One concern of the pipeline: identity, limit, budget, place, pin, headers.
 *
 * <p>One instance serves all exchanges of one event loop; what it learns about an exchange it
 * writes into that exchange's typed fields, of which it is the only writer. For an exchange that
 * {@linkplain Exchange#explaining() explains}, a filter decides as always but changes nothing: it
 * peeks where it would take.
 */
public interface Filter {
  /** Decides on the way up. Calls {@code next} exactly once, now or later on the same loop. */
  void request(Exchange exchange, Next next);

  /** Edits the head of any answer on the way down, local ones included. Must not throw. */
  default void response(Exchange exchange, Reply reply) {}

  /** Settles accounts when the exchange is over, exactly once, however it ended. */
  default void end(Exchange exchange) {}

  /** Lets go of what it holds for requests to come, as there will be none; on the loop. */
  default Future<Void> close() {
    return Future.succeededFuture();
  }
}
