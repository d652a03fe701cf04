package app.avalo.gateway.filter.budget.lease;

import io.vertx.core.Future;
import java.util.Collection;
import java.util.Map;

/** Keeps the amounts that replicas share. Called on one event loop, where answers arrive. */
public interface Lender {
  /** Takes a replica's statement and leases what there is of what it wants. */
  Future<Lease> exchange(Statement statement);

  /**
   * A change of money spent, or of the amount itself.
   *
   * @param id under which it counts once
   * @param raise whether the amount changes instead of the money spent
   * @param service that the money was spent for, or empty
   * @param note who and why
   */
  record Change(String id, boolean raise, long micros, String service, String note) {}

  /**
   * Corrects a period once per id.
   *
   * @param others periods close to it in which the id may have been seen
   */
  Future<Corrected> correct(
      Statement.Where where, Collection<Statement.Where> others, Change change);

  /**
   * What an operator orders.
   *
   * @param what name of the order
   * @param untilMillis milliseconds since 1970 until which it holds
   * @param note who and why
   */
  record Order(String what, long untilMillis, String note) {}

  /**
   * An order for a period, in place of the one before it; of a period that begins too late for it
   * only if something is known of that.
   */
  Future<Void> order(Statement.Where where, long startMillis, Order order);

  /** All sums of a period: {@code spent}, {@code raised}, and by label with {@code v:} before. */
  Future<Map<String, Long>> sums(Statement.Where where);
}
