/**
 * Money per service and period: the upper bound of a request is reserved before it is forwarded,
 * its true cost settled when it ends, the rest released.
 *
 * <p>One {@link app.avalo.gateway.filter.budget.BudgetLedger} serves the whole process; its
 * accounts are shared by all event loops behind locks held for a few dozen instructions. What
 * happened goes to a {@link app.avalo.gateway.filter.budget.journal.Journal}; replicas share an
 * amount by leasing slices of it from a {@link app.avalo.gateway.filter.budget.lease.Lender}. All
 * sums are whole micro-units; only the ramps, which decide no sum, use a share.
 *
 * <p>Fails closed beyond what this process has leased, except for services with a floor. Imports
 * the plan, the exchange and the road to Redis. Start at {@link
 * app.avalo.gateway.filter.budget.BudgetFilter}.
 */
@NullMarked
package app.avalo.gateway.filter.budget;

import org.jspecify.annotations.NullMarked;
