/**
 * Active checks: a GET or a TCP connection, fresh each time, because a pooled connection proves
 * nothing about the next one; or a PING on a connection that is kept, where less will do. A check
 * that heard nothing because this process could not listen decides nothing.
 *
 * <p>Runs on the loop that asks; imports configuration values, the clock and the HTTP client, never
 * the states that use it. Fails closed: whatever is not a complete, acceptable answer in time is a
 * failed check. Start at {@link app.avalo.gateway.region.probe.Prober}.
 */
@NullMarked
package app.avalo.gateway.region.probe;

import org.jspecify.annotations.NullMarked;
