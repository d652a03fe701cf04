/**
 * Connections to endpoints: one pool per event loop and endpoint, of one of two kinds. Nothing here
 * crosses a loop, so nothing is locked. Knows nothing of routes, regions or health; a connection
 * that cannot be had is an answer, not a retry. Start at {@link
 * app.avalo.gateway.upstream.UpstreamPool}.
 */
@NullMarked
package app.avalo.gateway.upstream;

import org.jspecify.annotations.NullMarked;
