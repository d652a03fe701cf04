/**
 * Where homes are kept, the regions to which users belong: in this process with a log on disk, or
 * in Redis, behind one contract.
 *
 * <p>The local store is one object for all loops and answers at once; its disk work happens on a
 * thread of its own. The Redis store is one object per loop over one {@link
 * app.avalo.gateway.filter.pin.store.RecentHomes} for all. A store never decides what its failure
 * means; the filter does. Knows nothing of cookies, exchanges or health. Start at {@link
 * app.avalo.gateway.filter.pin.store.HomeStore}.
 */
@NullMarked
package app.avalo.gateway.filter.pin.store;

import org.jspecify.annotations.NullMarked;
