package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.time.Ticker;
import java.util.HashMap;
import java.util.Map;

/**
 * Tokens that one event loop has let pass without asking, by bucket in Redis, to be charged with
 * the next call for it; below zero they are to be given back. Known of them is what a share has let
 * pass, which has it back once they are paid. Outlives the buckets, which a change of a policy
 * replaces. A debt that the bucket has earned back since is none. Bounded: when there are too many,
 * those make room, and a new one is forgiven only if there are none.
 */
final class Debts {
  private static final int MOST = 50_000;
  private static final long CLEAN_NANOS = 1_000_000_000L;

  /**
   * What is owed to a bucket.
   *
   * @param tokens below zero: that it owes
   * @param shared of these, tokens that the share of this gateway has let pass
   */
  record Due(long tokens, long shared) {
    static final Due NOTHING = new Due(0, 0);

    static Due of(long tokens, long shared) {
      return new Due(tokens, Math.max(0, Math.min(tokens, shared)));
    }

    Due and(Due more) {
      return of(tokens + more.tokens, shared + more.shared);
    }

    /** The part of it that so many tokens pay, those of the share first. */
    Due paid(long by) {
      long part = Math.max(0, Math.min(tokens, by));
      return of(part, Math.min(part, shared));
    }

    Due less(Due paid) {
      return of(tokens - paid.tokens, shared - paid.shared);
    }
  }

  private record Debt(Due due, long earnedNanos) {
    Due due(long nowNanos) {
      return nowNanos - earnedNanos >= 0 ? Due.NOTHING : due;
    }
  }

  private final Map<String, Debt> byBucket = new HashMap<>();
  private final Ticker ticker;
  private long cleanAgainNanos;

  Debts(Ticker ticker) {
    this.ticker = ticker;
    this.cleanAgainNanos = ticker.nanos();
  }

  /** Adds to what is owed to a bucket of that shape. */
  void owe(String bucket, Due due, Shape shape) {
    if (due.tokens == 0 || (byBucket.size() >= MOST && !byBucket.containsKey(bucket) && !clean())) {
      return;
    }
    long now = ticker.nanos();
    Debt debt = new Debt(due, now + 1000 * shape.microsToFull());
    byBucket.merge(
        bucket,
        debt,
        (known, more) -> {
          Due sum = known.due(now).and(more.due);
          return sum.tokens == 0 ? null : new Debt(sum, more.earnedNanos);
        });
  }

  /** Whether there is room again. */
  private boolean clean() {
    long now = ticker.nanos();
    if (now - cleanAgainNanos < 0) {
      return false;
    }
    cleanAgainNanos = now + CLEAN_NANOS;
    byBucket.values().removeIf(debt -> debt.due(now).tokens == 0);
    return byBucket.size() < MOST;
  }

  /** What is owed to a bucket, and no more from now on. */
  Due settle(String bucket) {
    Debt debt = byBucket.remove(bucket);
    return debt == null ? Due.NOTHING : debt.due(ticker.nanos());
  }

  int size() {
    return byBucket.size();
  }
}
