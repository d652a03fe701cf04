/**
 * How many of its callers a region may take: lowered step by step while it is drained or slow,
 * raised step by step when it returns.
 *
 * <p>The control loop writes, every loop reads one volatile number. Imports the clock only. Fails
 * towards serving: a share says who should go elsewhere, never that somebody is refused. Start at
 * {@link app.avalo.gateway.region.share.Share}.
 */
@NullMarked
package app.avalo.gateway.region.share;

import org.jspecify.annotations.NullMarked;
