/**
 * HTTP/1.1 to endpoints: a connection per exchange at a time. Straight on the codec, because every
 * layer between costs as much as the gateway adds. Start at {@link
 * app.avalo.gateway.upstream.http1.Http1Pool}.
 */
@NullMarked
package app.avalo.gateway.upstream.http1;

import org.jspecify.annotations.NullMarked;
