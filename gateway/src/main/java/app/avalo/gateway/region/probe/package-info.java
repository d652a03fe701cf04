/**
 * Active checks: one GET on a fresh connection each, because a pooled connection proves nothing
 * about the next one.
 *
 * <p>Runs on the loop that asks; imports configuration values, the clock and the HTTP client, never
 * the states that use it. Fails closed: whatever is not a complete, acceptable answer in time is a
 * failed check. Start at {@link app.avalo.gateway.region.probe.Prober}.
 */
@NullMarked
package app.avalo.gateway.region.probe;

import org.jspecify.annotations.NullMarked;
