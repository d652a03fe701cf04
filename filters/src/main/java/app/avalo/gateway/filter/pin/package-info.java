/**
 * Binds a user to one region per group of services, so that chat, calls and wallet do not jump
 * between regions.
 *
 * <p>{@link app.avalo.gateway.filter.pin.PinFilter} finds the binding in the signed cookie and in
 * the store and puts it on the exchange; the forwarder, which alone knows health, moves it. One
 * filter per event loop, confined to it; keys and counters are shared by all. The cookie is a hint,
 * which saves the store call, and a witness of the highest epoch, which repairs a store that lost a
 * write. Single-home services fail closed when the store is away, all others fail open.
 *
 * <p>Imports nothing of geo, limit or budget. Start at {@link
 * app.avalo.gateway.filter.pin.PinFilter}; the bytes of the cookie are in {@code PinCodec}.
 */
@NullMarked
package app.avalo.gateway.filter.pin;

import org.jspecify.annotations.NullMarked;
