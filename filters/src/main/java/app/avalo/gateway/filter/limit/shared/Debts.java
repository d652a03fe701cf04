package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.time.Ticker;
import java.util.HashMap;
import java.util.Map;

/**
 * Tokens that one event loop has let pass without asking, by bucket in Redis, to be charged with
 * the next call for it; below zero they are to be given back. Outlives the buckets, which a change
 * of a policy replaces. A debt that the bucket has earned back since is none. Bounded: when there
 * are too many, those make room, and a new one is forgiven only if there are none.
 */
public final class Debts {
  private static final int MOST = 50_000;
  private static final long CLEAN_NANOS = 1_000_000_000L;

  private record Debt(long tokens, long earnedNanos) {
    long tokens(long nowNanos) {
      return nowNanos - earnedNanos >= 0 ? 0 : tokens;
    }
  }

  private final Map<String, Debt> byBucket = new HashMap<>();
  private final Ticker ticker;
  private long cleanAgainNanos;

  public Debts(Ticker ticker) {
    this.ticker = ticker;
    this.cleanAgainNanos = ticker.nanos();
  }

  /** Adds to what is owed to a bucket of that shape. */
  void owe(String bucket, long tokens, Shape shape) {
    if (tokens == 0 || (byBucket.size() >= MOST && !byBucket.containsKey(bucket) && !clean())) {
      return;
    }
    long now = ticker.nanos();
    Debt debt = new Debt(tokens, now + 1000 * shape.microsToFull());
    byBucket.merge(
        bucket,
        debt,
        (known, more) -> {
          long sum = known.tokens(now) + more.tokens;
          return sum == 0 ? null : new Debt(sum, more.earnedNanos);
        });
  }

  /** Whether there is room again. */
  private boolean clean() {
    long now = ticker.nanos();
    if (now - cleanAgainNanos < 0) {
      return false;
    }
    cleanAgainNanos = now + CLEAN_NANOS;
    byBucket.values().removeIf(debt -> debt.tokens(now) == 0);
    return byBucket.size() < MOST;
  }

  /** What is owed to a bucket, and no more from now on. */
  long settle(String bucket) {
    Debt debt = byBucket.remove(bucket);
    return debt == null ? 0 : debt.tokens(ticker.nanos());
  }

  int size() {
    return byBucket.size();
  }
}
