/**
 * TLS of listeners: files that are proved before they serve, options of the server, and who clients
 * proved to be. Fails closed: files that cannot be used are refused as a whole, and a certificate
 * that cannot be read is none. Start at {@link app.avalo.gateway.edge.tls.TlsOptions}.
 */
@NullMarked
package app.avalo.gateway.edge.tls;

import org.jspecify.annotations.NullMarked;
