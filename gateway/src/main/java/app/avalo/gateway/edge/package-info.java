/**
 * The client side: listeners, and the straight line from a connection ({@code edge.client}) over
 * what was read ({@code edge.wire}, {@code edge.intake}) to the answer ({@code edge.answer}). One
 * instance of everything per event loop.
 *
 * <p>Fails closed: what cannot be read in exactly one way is refused. May import everything but
 * {@code admin} and {@code cli}. Start at {@link app.avalo.gateway.edge.EdgeLoop}.
 */
@NullMarked
package app.avalo.gateway.edge;

import org.jspecify.annotations.NullMarked;
