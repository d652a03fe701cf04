package app.avalo.gateway.filter.budget.lease;

import io.vertx.core.Future;

/** Keeps the amounts that replicas share. Called on one event loop, where answers arrive. */
public interface Lender {
  /** Takes a replica's statement and leases what there is of what it wants. */
  Future<Lease> exchange(Statement statement);

  /**
   * Corrects money spent or the amount itself, once per id.
   *
   * @param raise whether the amount changes instead of the money spent
   * @param note who and why
   * @return whether it was new; fails with {@link IllegalArgumentException} when a sum would fall
   *     below zero
   */
  Future<Boolean> correct(
      Statement.Where where, String id, boolean raise, long micros, String note);
}
