package app.avalo.gateway.filter.limit.bucket;

/**
 * Buckets in this process, all of one tier of one policy. An unknown bucket is full. The shape
 * comes with each call, so a reload holds at once; a bucket keeps the share to which it was full.
 * Safe from every thread.
 */
public interface LocalBuckets {
  /** Takes the tokens if all of them are there, else nothing. */
  boolean take(BucketKey key, Shape shape, long tokens, Reading reading);

  /** What {@link #take} would say, taking nothing; the rest is as before the taking. */
  void peek(BucketKey key, Shape shape, long tokens, Reading reading);

  /** Returns what was taken for a request that was then refused elsewhere. */
  void giveBack(BucketKey key, long tokens);

  /** Charges tokens of a request that has passed already, as far as there are any. */
  void charge(BucketKey key, Shape shape, long tokens);

  /** Makes the bucket full. */
  void reset(BucketKey key);

  /** Buckets in memory, about. */
  long size();
}
