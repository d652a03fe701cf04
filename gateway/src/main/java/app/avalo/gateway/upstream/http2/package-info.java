/**
 * HTTP/2 to endpoints: few connections that all exchanges of a loop share, and what sharing asks
 * for: fair windows, refused streams told from failed ones, a neighbour's end that nobody notices.
 * Start at {@link app.avalo.gateway.upstream.http2.Http2Pool}.
 */
@NullMarked
package app.avalo.gateway.upstream.http2;

import org.jspecify.annotations.NullMarked;
