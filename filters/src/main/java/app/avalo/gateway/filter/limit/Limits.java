package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.time.Ticker;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The state of all limits in this process, shared by all event loops and untouched by reloads: the
 * local buckets, what Redis has refused lately, and counts for metrics. Safe from every thread.
 */
public final class Limits {
  /** A bucket with key and housekeeping takes about this much memory. */
  private static final long BYTES_PER_BUCKET = 600;

  private static final long MOST_BUCKETS = 200_000;

  private final Ticker ticker;
  private final LocalBuckets buckets;
  private final Cache<BucketKey, Refusal> refusals;
  private final ConcurrentHashMap<String, Tally> tallies = new ConcurrentHashMap<>();

  /** Room for 200,000 keys, or for as many as fill a sixteenth of a small heap. */
  public Limits(Ticker ticker) {
    this(ticker, mostBuckets(Runtime.getRuntime().maxMemory()));
  }

  Limits(Ticker ticker, long mostBuckets) {
    this.ticker = ticker;
    this.buckets = new LocalBuckets(ticker, mostBuckets);
    this.refusals =
        Caffeine.newBuilder()
            .maximumSize(mostBuckets)
            .expireAfter(new UntilRetry())
            .ticker(ticker::nanos)
            .executor(Runnable::run)
            .build();
  }

  static long mostBuckets(long heapBytes) {
    return Math.max(1000, Math.min(MOST_BUCKETS, heapBytes / 16 / BYTES_PER_BUCKET));
  }

  /**
   * What a shared bucket said when it refused.
   *
   * @param verdict as of then
   * @param sinceNanos when that was
   */
  private record Refusal(LimitVerdict verdict, long sinceNanos) {}

  private static final class UntilRetry implements Expiry<BucketKey, Refusal> {
    @Override
    public long expireAfterCreate(BucketKey key, Refusal refusal, long nowNanos) {
      return refusal.verdict().retryAfterNanos();
    }

    @Override
    public long expireAfterUpdate(BucketKey key, Refusal refusal, long nowNanos, long left) {
      return refusal.verdict().retryAfterNanos();
    }

    @Override
    public long expireAfterRead(BucketKey key, Refusal refusal, long nowNanos, long left) {
      return left;
    }
  }

  /** Decisions of one policy since the start, each request counted once per policy it met. */
  static final class Tally {
    final LongAdder allowed = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder shadowed = new LongAdder();
    final LongAdder degraded = new LongAdder();
  }

  /**
   * Decisions of one policy since the start of the process.
   *
   * @param allowed requests with enough tokens
   * @param refused requests it turned away
   * @param shadowed requests it would have turned away, were it not in shadow mode
   * @param degraded decisions made without the shared store; they count above as well
   */
  public record Counts(long allowed, long refused, long shadowed, long degraded) {}

  /** Counts by policy name, for metrics and admin. */
  public Map<String, Counts> counts() {
    Map<String, Counts> counts = new TreeMap<>();
    tallies.forEach(
        (policy, tally) ->
            counts.put(
                policy,
                new Counts(
                    tally.allowed.sum(),
                    tally.refused.sum(),
                    tally.shadowed.sum(),
                    tally.degraded.sum())));
    return counts;
  }

  /** Buckets held in this process, approximately. */
  public long localBuckets() {
    return buckets.size();
  }

  LocalBuckets local() {
    return buckets;
  }

  Ticker ticker() {
    return ticker;
  }

  void count(LimitVerdict verdict) {
    Tally tally = tallies.get(verdict.policy().name());
    if (tally == null) {
      tally = tallies.computeIfAbsent(verdict.policy().name(), name -> new Tally());
    }
    if (verdict.allowed()) {
      tally.allowed.increment();
    } else if (verdict.policy().shadow()) {
      tally.shadowed.increment();
    } else {
      tally.refused.increment();
    }
    if (verdict.degraded()) {
      tally.degraded.increment();
    }
  }

  /** Keeps a refusal of a shared bucket: until then Redis would only repeat it. */
  void remember(BucketKey key, LimitVerdict refusal) {
    refusals.put(key, new Refusal(refusal, ticker.nanos()));
  }

  /** The refusal that still holds for a bucket, brought up to date, or null. */
  @Nullable LimitVerdict remembered(BucketKey key, Bandwidth bandwidth) {
    Refusal refusal = refusals.getIfPresent(key);
    if (refusal == null || !refusal.verdict().bandwidth().equals(bandwidth)) {
      return null;
    }
    long passed = ticker.nanos() - refusal.sinceNanos();
    LimitVerdict said = refusal.verdict();
    if (passed >= said.retryAfterNanos()) {
      return null;
    }
    return new LimitVerdict(
        said.policy(),
        bandwidth,
        false,
        said.remaining(),
        said.retryAfterNanos() - passed,
        Math.max(0, said.resetNanos() - passed),
        false);
  }

  void forget(BucketKey key) {
    refusals.invalidate(key);
  }
}
