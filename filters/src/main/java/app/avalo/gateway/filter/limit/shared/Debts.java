package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.time.Ticker;

/**
 * Tokens that one event loop has let pass without asking, by bucket in Redis, to be charged with
 * the next call for it; below zero they are to be given back. Known of them is what a share has let
 * pass, which has it back once they are paid. Outlives the buckets, which a change of a policy
 * replaces. A debt that the bucket has earned back since is none. Bounded: when there are too many,
 * those make room, and a new one is forgiven only if there are none. No object per debt: 32 bytes a
 * place, as in an outage each loop comes to have the most. A bucket is a 64-bit {@link
 * app.avalo.gateway.filter.limit.bucket.BucketKey#hash}, as in the tables of buckets.
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

  // A place: whose it is, tokens, those of the share, and when all is earned back. No tokens: free.
  private static final int WHOSE = 0;
  private static final int TOKENS = 1;
  private static final int SHARED = 2;
  private static final int EARNED = 3;
  private static final int EACH = 4;
  private static final int FEWEST = 16;

  private final Ticker ticker;
  private long[] places = new long[FEWEST * EACH]; // by powers of two; linear probing
  private int size;
  private long cleanAgainNanos;

  Debts(Ticker ticker) {
    this.ticker = ticker;
    this.cleanAgainNanos = ticker.nanos();
  }

  /** Adds to what is owed to a bucket of that shape. */
  void owe(long bucket, Due due, Shape shape) {
    if (due.tokens == 0) {
      return;
    }
    long now = ticker.nanos();
    int known = place(bucket);
    if (places[known + TOKENS] == 0) {
      if (size < MOST || clean(now)) {
        write(newPlace(bucket), due, now, shape);
      }
      return;
    }
    Due sum = due(known, now).and(due);
    if (sum.tokens == 0) {
      free(known);
    } else {
      write(known, sum, now, shape);
    }
  }

  private void write(int at, Due due, long nowNanos, Shape shape) {
    places[at + TOKENS] = due.tokens;
    places[at + SHARED] = due.shared;
    places[at + EARNED] = nowNanos + 1000 * shape.microsToFull();
  }

  private int newPlace(long bucket) {
    size++;
    if (size * EACH > places.length / 5 * 4) {
      rebuild(2 * places.length);
    }
    int at = place(bucket);
    places[at + WHOSE] = bucket;
    return at;
  }

  /** Whether there is room again. */
  private boolean clean(long now) {
    if (now - cleanAgainNanos < 0) {
      return false;
    }
    cleanAgainNanos = now + CLEAN_NANOS;
    for (int at = 0; at < places.length; at += EACH) {
      if (due(at, now).tokens == 0) {
        size -= places[at + TOKENS] == 0 ? 0 : 1;
        places[at + TOKENS] = 0;
      }
    }
    int fitting = places.length;
    while (fitting > FEWEST * EACH && size < fitting / EACH / 4) {
      fitting /= 2;
    }
    rebuild(fitting); // also closes the gaps, in which others would not be found
    return size < MOST;
  }

  /** What is owed to a bucket, and no more from now on. */
  Due settle(long bucket) {
    int at = place(bucket);
    if (places[at + TOKENS] == 0) {
      return Due.NOTHING;
    }
    Due due = due(at, ticker.nanos());
    free(at);
    if (size < places.length / EACH / 8 && places.length > FEWEST * EACH) {
      rebuild(places.length / 2);
    }
    return due;
  }

  int size() {
    return size;
  }

  long bytes() {
    return 8L * places.length;
  }

  private Due due(int at, long nowNanos) {
    return places[at + TOKENS] == 0 || nowNanos - places[at + EARNED] >= 0
        ? Due.NOTHING
        : new Due(places[at + TOKENS], places[at + SHARED]);
  }

  /** Where a bucket stands, or the free place that it would have. */
  private int place(long bucket) {
    int at = home(bucket);
    while (places[at + TOKENS] != 0 && places[at + WHOSE] != bucket) {
      at = after(at);
    }
    return at;
  }

  private int home(long bucket) {
    return (int) (bucket & places.length / EACH - 1) * EACH;
  }

  private int after(int at) {
    return at + EACH & places.length - 1;
  }

  /** Those behind move up, or they would not be found beyond the gap. */
  private void free(int at) {
    int gap = at;
    for (int i = after(at); places[i + TOKENS] != 0; i = after(i)) {
      int way = i - home(places[i + WHOSE]) & places.length - 1;
      if (way >= (i - gap & places.length - 1)) {
        System.arraycopy(places, i, places, gap, EACH);
        gap = i;
      }
    }
    places[gap + TOKENS] = 0;
    size--;
  }

  private void rebuild(int length) {
    long[] before = places;
    places = new long[length];
    for (int i = 0; i < before.length; i += EACH) {
      if (before[i + TOKENS] != 0) {
        System.arraycopy(before, i, places, place(before[i + WHOSE]), EACH);
      }
    }
  }
}
