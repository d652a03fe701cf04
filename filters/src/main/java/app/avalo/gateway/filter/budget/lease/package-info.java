/**
 * How replicas share one budget: each leases slices of it from a {@link
 * app.avalo.gateway.filter.budget.lease.Lender} and reports what it spent. Knows nothing of
 * requests. Everything here runs on the event loop that owns the road to Redis; a call that fails
 * changes nothing a later one would not repair, because replicas state sums, never differences.
 */
@NullMarked
package app.avalo.gateway.filter.budget.lease;

import org.jspecify.annotations.NullMarked;
