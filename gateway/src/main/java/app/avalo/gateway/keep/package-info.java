/**
 * This gateway's part in keeping each user in one region: one keeper per group of services on the
 * control loop, what it sees of the regions, and its map in the hands of every event loop.
 *
 * <p>The protocol itself is in {@link app.avalo.gateway.filter.pin.keep}. Start at {@link
 * app.avalo.gateway.keep.Keepers}. Closed when the store is away, where the contract says so.
 */
@NullMarked
package app.avalo.gateway.keep;

import org.jspecify.annotations.NullMarked;
