/** The only clock and the only timers; tests replace both by virtual time. */
@NullMarked
package app.avalo.gateway.filter.time;

import org.jspecify.annotations.NullMarked;
