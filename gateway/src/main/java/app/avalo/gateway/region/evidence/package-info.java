/**
 * What counts as evidence against an endpoint, and when it must not be acted on.
 *
 * <p>Pure and confined to the control loop; imports the clock only. Fails towards serving: without
 * enough evidence nothing is concluded. Start at {@link app.avalo.gateway.region.evidence.Traffic}.
 */
@NullMarked
package app.avalo.gateway.region.evidence;

import org.jspecify.annotations.NullMarked;
