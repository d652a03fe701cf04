/**
 * Budgets as operators see them: how they stand, what they are told, what a month came to. Values
 * only.
 */
@NullMarked
package app.avalo.gateway.filter.budget.view;

import org.jspecify.annotations.NullMarked;
