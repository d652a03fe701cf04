package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import io.vertx.core.Future;

/**
 * Where buckets are. An unknown bucket is full; one whose bandwidth has changed keeps the share to
 * which it was full. Futures fail only with {@link
 * app.avalo.gateway.filter.redis.StoreUnavailable}.
 */
interface BucketStore {
  /** Takes the policy's cost if all of it is there, else nothing. */
  Future<LimitVerdict> take(BucketKey key, LimitConfig policy, Bandwidth bandwidth);

  /** What {@link #take} would say, taking nothing; {@code remaining} is before the taking. */
  Future<LimitVerdict> peek(BucketKey key, LimitConfig policy, Bandwidth bandwidth);

  /** Returns what was taken for a request that was then refused elsewhere; may be lost. */
  void giveBack(BucketKey key, LimitConfig policy, Bandwidth bandwidth);

  /** Makes the bucket full. */
  Future<Void> reset(BucketKey key);
}
