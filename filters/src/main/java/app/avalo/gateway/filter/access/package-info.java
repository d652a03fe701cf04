/**
 * Which client addresses may use a route.
 *
 * <p>Runs on the exchange's event loop, imports the filter contract and configuration only, keeps
 * nothing: the plan holds the compiled rule. Fails closed: an address that no {@code allow} block
 * holds is refused. Start at {@link app.avalo.gateway.filter.access.AccessFilter}.
 */
@NullMarked
package app.avalo.gateway.filter.access;

import org.jspecify.annotations.NullMarked;
