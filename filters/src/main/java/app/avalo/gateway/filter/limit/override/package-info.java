/**
 * Other rates for one user or partner, given by operators at run time. Kept in Redis, where all
 * gateways see them within seconds, else in a file of this one. The view that filters read is safe
 * from every thread; {@link app.avalo.gateway.filter.limit.override.OverrideDesk} and the stores
 * belong to the control loop. While Redis does not answer, what was known last holds.
 */
@NullMarked
package app.avalo.gateway.filter.limit.override;

import org.jspecify.annotations.NullMarked;
