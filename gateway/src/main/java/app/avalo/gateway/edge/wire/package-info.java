/**
 * What stands between the bytes of a client and Vert.x's codecs: one way to read a head, one way to
 * frame a body, a budget for frames that carry nothing. Netty handlers, on the connection's event
 * loop; fails closed.
 *
 * <p>Knows connections, not routes. Start at {@link app.avalo.gateway.edge.wire.Doorway}.
 */
@NullMarked
package app.avalo.gateway.edge.wire;

import org.jspecify.annotations.NullMarked;
