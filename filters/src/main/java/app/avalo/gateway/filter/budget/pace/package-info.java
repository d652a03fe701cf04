/**
 * How a budget's money is spread over its period: what the rest of it will ask for, and which share
 * of requests passes so that it lasts. Pure arithmetic on a clock that is passed in; confined to
 * the budget that owns it.
 */
@NullMarked
package app.avalo.gateway.filter.budget.pace;

import org.jspecify.annotations.NullMarked;
