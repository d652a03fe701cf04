/**
 * Token buckets and their arithmetic, in whole units. {@link
 * app.avalo.gateway.filter.limit.bucket.Shape} is what a bucket allows, {@link
 * app.avalo.gateway.filter.limit.bucket.LocalBuckets} are those of this process: Bucket4j where
 * keys are few, one compact table where clients make them. All are safe from every thread but
 * {@link app.avalo.gateway.filter.limit.bucket.BucketKey} and {@link
 * app.avalo.gateway.filter.limit.bucket.Reading}, which belong to whoever fills them.
 */
@NullMarked
package app.avalo.gateway.filter.limit.bucket;

import org.jspecify.annotations.NullMarked;
