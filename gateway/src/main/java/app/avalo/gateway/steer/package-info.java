/**
 * {@code getRouting} for clients: which region to go to, and taking in what they measured.
 *
 * <p>The one place besides the forwarder that sees preference and health together, because it
 * answers the same question for those who go by themselves. Runs on event loops and waits for
 * nothing. Start at {@link app.avalo.gateway.steer.SteerFilter}.
 */
@NullMarked
package app.avalo.gateway.steer;

import org.jspecify.annotations.NullMarked;
