/**
 * What clients may hold open at once, and how much they may send on it: {@link
 * app.avalo.gateway.filter.limit.open.ConnectionCeiling} counts for all event loops and is safe
 * from every thread, {@link app.avalo.gateway.filter.limit.open.MessageMeter} belongs to one
 * connection. Imports nothing of the buckets.
 */
@NullMarked
package app.avalo.gateway.filter.limit.open;

import org.jspecify.annotations.NullMarked;
