/**
 * Buckets that all replicas share, in Redis, by its clock. {@link
 * app.avalo.gateway.filter.limit.shared.ExactBuckets} ask for every request, {@link
 * app.avalo.gateway.filter.limit.shared.LeasedBuckets} take tokens ahead of them. Each belongs to
 * one event loop. What a failure means is the caller's decision.
 */
@NullMarked
package app.avalo.gateway.filter.limit.shared;

import org.jspecify.annotations.NullMarked;
