/** Calls about money: budgets, costs, months. On the admin port's loop. */
@NullMarked
package app.avalo.gateway.admin.api.money;

import org.jspecify.annotations.NullMarked;
