/** Deadlines of one event loop on one coarse timer; not shared between loops. */
@NullMarked
package app.avalo.gateway.deadline;

import org.jspecify.annotations.NullMarked;
