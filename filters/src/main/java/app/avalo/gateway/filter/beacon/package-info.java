/**
 * Reports of round trips that clients measured themselves, and why one is believed.
 *
 * <p>{@link app.avalo.gateway.filter.beacon.Beacons} hands out signed invitations and judges what
 * comes back; everything here is hostile until it has passed. Memory is bounded and fails closed:
 * where it cannot remember, it refuses. Any thread; a report takes some microseconds.
 */
@NullMarked
package app.avalo.gateway.filter.beacon;

import org.jspecify.annotations.NullMarked;
