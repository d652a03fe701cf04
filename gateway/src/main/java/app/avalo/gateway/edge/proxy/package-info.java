/**
 * The PROXY protocol: where a client is, in the word of a trusted hop, before TLS and HTTP begin.
 * Runs on the loop of the connection. Fails closed: a header that is malformed, late or from a
 * stranger ends the connection. Start at {@link app.avalo.gateway.edge.proxy.ProxyHeaders}.
 */
@NullMarked
package app.avalo.gateway.edge.proxy;

import org.jspecify.annotations.NullMarked;
