/**
 * Which of a route's services a caller gets.
 *
 * <p>Runs on the exchange's event loop, imports the filter contract and configuration only, keeps
 * nothing: the same caller gets the same service from every replica, without anybody asking. Cannot
 * fail. Start at {@link app.avalo.gateway.filter.split.SplitFilter}.
 */
@NullMarked
package app.avalo.gateway.filter.split;

import org.jspecify.annotations.NullMarked;
