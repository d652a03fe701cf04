/**
 * Open WebSockets: tunnels of bytes between client and service, counted, metered and closed in
 * order. Confined to one event loop but for the ceiling that all loops share. Knows nothing of
 * regions' health or of how the two sides were connected. Start at {@link
 * app.avalo.gateway.websocket.Tunnel}.
 */
@NullMarked
package app.avalo.gateway.websocket;

import org.jspecify.annotations.NullMarked;
