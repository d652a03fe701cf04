package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.time.Ticker;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.EstimationProbe;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.TokensInheritanceStrategy;
import io.vertx.core.Future;

/**
 * The buckets of this process, bounded in number. A bucket is forgotten once it must be full again,
 * which changes nothing.
 *
 * <p>When more keys than fit are in use at once, Caffeine's TinyLFU decides who stays: a newcomer
 * takes a place only from a bucket that was used less often, so who goes on knocking at a used-up
 * bucket keeps it there. To be forgotten, a caller must stay away while more other keys than there
 * are places come by. Each of those is an address or a user with a burst of its own; one burst more
 * per 200,000 of them is no gain.
 */
final class LocalBuckets implements BucketStore {
  private final Cache<BucketKey, LocalBucket> buckets;
  private final TimeMeter meter;

  LocalBuckets(Ticker ticker, long maximum) {
    this.meter = LocalBucket.meter(ticker);
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(maximum)
            .expireAfter(new ForgetWhenFull())
            .ticker(ticker::nanos)
            // Housekeeping is short and amortised; it needs no thread of its own.
            .executor(Runnable::run)
            .build();
  }

  /**
   * Lives for two fillings after use. The time is only moved once less than one filling is left, as
   * moving it costs more than the decision itself.
   */
  private static final class ForgetWhenFull implements Expiry<BucketKey, LocalBucket> {
    @Override
    public long expireAfterCreate(BucketKey key, LocalBucket bucket, long nowNanos) {
      return 2 * bucket.nanosToFull();
    }

    @Override
    public long expireAfterUpdate(BucketKey key, LocalBucket bucket, long nowNanos, long left) {
      return left;
    }

    @Override
    public long expireAfterRead(BucketKey key, LocalBucket bucket, long nowNanos, long left) {
      long filling = bucket.nanosToFull();
      return left >= filling ? left : 2 * filling;
    }
  }

  /** The bucket of a key, made full if nobody knows it; keeps a copy of the key at most. */
  LocalBucket bucket(BucketKey key, Bandwidth bandwidth) {
    LocalBucket known = buckets.getIfPresent(key);
    if (known == null) {
      known = buckets.get(key.copy(), unknown -> new LocalBucket(bandwidth, meter));
    }
    return known.with(bandwidth);
  }

  @Override
  public Future<LimitVerdict> take(BucketKey key, LimitConfig policy, Bandwidth bandwidth) {
    return Future.succeededFuture(bucket(key, bandwidth).take(policy, bandwidth, false));
  }

  @Override
  public Future<LimitVerdict> peek(BucketKey key, LimitConfig policy, Bandwidth bandwidth) {
    return Future.succeededFuture(peekNow(key, policy, bandwidth, false));
  }

  /** Looks without remembering the key: asking about many callers must not cost memory. */
  LimitVerdict peekNow(BucketKey key, LimitConfig policy, Bandwidth bandwidth, boolean degraded) {
    LocalBucket known = buckets.getIfPresent(key);
    LocalBucket bucket = known == null ? new LocalBucket(bandwidth, meter) : known.with(bandwidth);
    return bucket.peek(policy, bandwidth, degraded);
  }

  @Override
  public void giveBack(BucketKey key, LimitConfig policy, Bandwidth bandwidth) {
    bucket(key, bandwidth).giveBack(policy);
  }

  @Override
  public Future<Void> reset(BucketKey key) {
    LocalBucket bucket = buckets.getIfPresent(key);
    if (bucket != null) {
      bucket.reset();
    }
    return Future.succeededFuture();
  }

  /** Buckets in memory, approximately. */
  long size() {
    return buckets.estimatedSize();
  }

  /** Does the housekeeping that is due; for tests. */
  void settle() {
    buckets.cleanUp();
  }

  /** One Bucket4j bucket and the bandwidth it was made for; safe from every thread. */
  static final class LocalBucket {
    private final Bucket bucket;
    private volatile Bandwidth bandwidth;
    private volatile long nanosToFull;

    LocalBucket(Bandwidth bandwidth, TimeMeter meter) {
      BucketShape shape = BucketShape.of(bandwidth);
      this.bandwidth = bandwidth;
      this.nanosToFull = shape.nanosToFull();
      this.bucket =
          Bucket.builder().addLimit(shape.bucket4j()).withCustomTimePrecision(meter).build();
    }

    /** Bucket4j's view of our clock. */
    static TimeMeter meter(Ticker ticker) {
      return new TimeMeter() {
        @Override
        public long currentTimeNanos() {
          return ticker.nanos();
        }

        @Override
        public boolean isWallClockBased() {
          return false;
        }
      };
    }

    /** From empty to full; a bucket left alone that long may be forgotten. */
    long nanosToFull() {
      return nanosToFull;
    }

    /**
     * Follows a reload: a bucket that was half full is half full. An untouched bucket, which nobody
     * remembers, is full under both rules, and so only shares treat all buckets alike.
     */
    LocalBucket with(Bandwidth asked) {
      if (asked != bandwidth && !asked.equals(bandwidth)) {
        synchronized (this) {
          if (!asked.equals(bandwidth)) {
            BucketShape shape = BucketShape.of(asked);
            bucket.replaceConfiguration(
                BucketConfiguration.builder().addLimit(shape.bucket4j()).build(),
                TokensInheritanceStrategy.PROPORTIONALLY);
            nanosToFull = shape.nanosToFull();
            bandwidth = asked;
          }
        }
      }
      return this;
    }

    LimitVerdict take(LimitConfig policy, Bandwidth asked, boolean degraded) {
      ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(policy.cost());
      boolean allowed = probe.isConsumed();
      return new LimitVerdict(
          policy,
          asked,
          allowed,
          probe.getRemainingTokens(),
          // Bucket4j rounds down; a nanosecond later the token is there for sure.
          allowed ? 0 : probe.getNanosToWaitForRefill() + 1,
          probe.getNanosToWaitForReset(),
          degraded);
    }

    LimitVerdict peek(LimitConfig policy, Bandwidth asked, boolean degraded) {
      EstimationProbe probe = bucket.estimateAbilityToConsume(policy.cost());
      long remaining = probe.getRemainingTokens();
      boolean allowed = probe.canBeConsumed();
      BucketShape shape = BucketShape.of(asked);
      long missing = shape.capacity() - remaining;
      return new LimitVerdict(
          policy,
          asked,
          allowed,
          remaining,
          allowed ? 0 : probe.getNanosToWaitForRefill() + 1,
          missing == 0
              ? 0
              : bucket.estimateAbilityToConsume(shape.capacity()).getNanosToWaitForRefill() + 1,
          degraded);
    }

    void giveBack(LimitConfig policy) {
      bucket.addTokens(policy.cost());
    }

    void reset() {
      bucket.reset();
    }
  }
}
