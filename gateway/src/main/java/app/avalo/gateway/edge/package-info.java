/**
 * The client side: listeners, what a request must look like to become an exchange, and how answers
 * are written. One instance of everything per event loop.
 *
 * <p>Fails closed: what cannot be read in exactly one way is refused. May import everything but
 * {@code admin} and {@code cli}. Start at {@link app.avalo.gateway.edge.EdgeLoop}.
 */
@NullMarked
package app.avalo.gateway.edge;

import org.jspecify.annotations.NullMarked;
