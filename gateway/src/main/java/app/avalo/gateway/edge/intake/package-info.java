/**
 * What a request must look like to become an exchange: host, path, fields, client address, route.
 * On the request's event loop. Fails closed: what cannot be read in exactly one way is refused.
 * Start at {@link app.avalo.gateway.edge.intake.Intake}.
 */
@NullMarked
package app.avalo.gateway.edge.intake;

import org.jspecify.annotations.NullMarked;
