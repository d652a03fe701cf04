/**
 * How long the users of a lost region were without it, per service and incident, beside what the
 * platform promises.
 *
 * <p>Written by the control loop; a snapshot is read from anywhere. Imports the clock only. Decides
 * nothing. Start at {@link app.avalo.gateway.region.recovery.Recoveries}.
 */
@NullMarked
package app.avalo.gateway.region.recovery;

import org.jspecify.annotations.NullMarked;
