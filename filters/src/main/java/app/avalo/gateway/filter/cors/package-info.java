/**
 * Cross-origin policy, as the Fetch standard defines it.
 *
 * <p>Runs on the exchange's event loop, imports the filter contract and configuration only. Must
 * stand above identity and limit: a preflight carries no credentials, and a script can read a 401
 * or 429 only when the answer has CORS headers. Fails closed: an origin that is not listed gets no
 * CORS header. Start at {@link app.avalo.gateway.filter.cors.CorsFilter}.
 */
@NullMarked
package app.avalo.gateway.filter.cors;

import org.jspecify.annotations.NullMarked;
