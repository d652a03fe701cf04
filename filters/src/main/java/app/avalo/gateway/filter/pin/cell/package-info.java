/**
 * The protocol that keeps each user in one region: a versioned map of cells that every gateway
 * holds, and where it is kept.
 *
 * <p>The store is a register of fields that changes by compare-and-set only; what to write is
 * decided by the gateways, see {@link app.avalo.gateway.filter.pin.keep.Keeper}, from what was read
 * at the version that the write names.
 *
 * <p>Safety rests on four things. A gateway sends writes only while its last reading, counted from
 * before it was asked for, is younger than the lease. Whoever moves a cell first closes it, and
 * moves it when every lease that could be older has ended or every gateway has acknowledged.
 * Whenever the store has begun anew nobody writes for one lease wait, while all that remember more
 * say so. And the service itself refuses an epoch lower than one it has seen.
 */
@NullMarked
package app.avalo.gateway.filter.pin.cell;

import org.jspecify.annotations.NullMarked;
