/**
 * What counts as evidence against an endpoint, and when this process may not trust its own.
 *
 * <p>Pure and confined to the control loop; imports the clock only. Fails towards serving: without
 * enough evidence nothing is concluded. Start at {@link
 * app.avalo.gateway.region.evidence.TrafficWindow}.
 */
@NullMarked
package app.avalo.gateway.region.evidence;

import org.jspecify.annotations.NullMarked;
