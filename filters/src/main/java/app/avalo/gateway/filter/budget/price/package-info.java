/**
 * What a request costs: exact arithmetic in whole micro-units, and the reading of what services
 * tell. Pure functions but for the bill of one exchange; knows nothing of budgets' state.
 */
@NullMarked
package app.avalo.gateway.filter.budget.price;

import org.jspecify.annotations.NullMarked;
