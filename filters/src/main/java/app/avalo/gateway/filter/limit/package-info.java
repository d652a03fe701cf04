/**
 * Token buckets: may this caller do this now, and if not, when?
 *
 * <p>{@link app.avalo.gateway.filter.limit.LimitFilter} runs on the event loop of the exchange, one
 * instance per loop; what all loops share is {@link app.avalo.gateway.filter.limit.Limits}. Local
 * buckets decide on the spot, shared ones by one script call in Redis. Without Redis each policy
 * says itself whether it fails local, open or closed. Imports nothing of geo, pin or budget. Start
 * at {@code LimitFilter}, then {@code Round} for decisions that wait.
 */
@NullMarked
package app.avalo.gateway.filter.limit;

import org.jspecify.annotations.NullMarked;
