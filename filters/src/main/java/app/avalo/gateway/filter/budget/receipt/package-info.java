/**
 * What requests that carry an id of their own were charged, so that one that is sent again pays
 * only what it costs beyond that.
 */
@NullMarked
package app.avalo.gateway.filter.budget.receipt;

import org.jspecify.annotations.NullMarked;
