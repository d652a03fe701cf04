/**
 * Signed tokens (RFC 7515, 7519) and the keys that verify them (RFC 7517): the part that is a pure
 * function of bytes.
 *
 * <p>No Vert.x, thread, clock or file; safe from every thread. Knows HS256, RS256 and ES256 and no
 * other way to be right: each key is bound to its algorithm when it is read, so that no header can
 * make a public key into a shared secret. Fails closed. Start at {@link
 * app.avalo.gateway.filter.identity.jose.CompactToken}.
 */
@NullMarked
package app.avalo.gateway.filter.identity.jose;

import org.jspecify.annotations.NullMarked;
