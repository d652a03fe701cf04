/**
 * Request lines and headers across the gateway: what is copied, what belongs to one hop, what the
 * gateway says itself. Pure functions of an exchange. Start at {@link
 * app.avalo.gateway.forward.head.UpstreamHead}.
 */
@NullMarked
package app.avalo.gateway.forward.head;

import org.jspecify.annotations.NullMarked;
