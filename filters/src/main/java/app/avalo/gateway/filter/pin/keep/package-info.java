/**
 * The gateways' part in the pin protocol: what each reads, votes, waits for and writes.
 *
 * <p>Start at {@link app.avalo.gateway.filter.pin.keep.Keeper}. Confined to one event loop, except
 * for {@link app.avalo.gateway.filter.pin.keep.View}, which every loop reads. Without Vert.x, so
 * that a simulator runs these classes.
 */
@NullMarked
package app.avalo.gateway.filter.pin.keep;

import org.jspecify.annotations.NullMarked;
