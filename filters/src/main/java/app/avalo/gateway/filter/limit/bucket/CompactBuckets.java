package app.avalo.gateway.filter.limit.bucket;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.filter.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Buckets for keys that clients make, by the million: no object per key, 64 parts with a lock each.
 * Its memory is bounded by a {@link Room}, and a flood of new keys cannot reset a bucket: see
 * {@link CompactPart}.
 */
public final class CompactBuckets implements LocalBuckets {
  /** When a bucket was noted of which nobody knows. */
  public static final long NEVER = Long.MIN_VALUE;

  private static final int PARTS = 64;

  private final CompactPart[] parts = new CompactPart[PARTS];
  private final Ticker ticker;
  private final @Nullable CompactBuckets usual;

  /** An empty table. */
  public CompactBuckets(Shape shape, Ticker ticker, Room room) {
    this(shape, ticker, room, null);
  }

  /**
   * A table for a while.
   *
   * @param usual from where a bucket comes when it is first asked for, as full as it is there, and
   *     where it goes when this is over; null to begin full
   */
  public CompactBuckets(Shape shape, Ticker ticker, Room room, @Nullable CompactBuckets usual) {
    this.ticker = ticker;
    this.usual = usual;
    for (int i = 0; i < PARTS; i++) {
      parts[i] = new CompactPart(shape, room);
    }
  }

  private CompactPart part(BucketKey key) {
    CompactPart part = part(key.hash());
    if (usual != null && !part.knows(key.hash())) {
      move(key.hash(), usual, this);
    }
    return part;
  }

  private CompactPart part(long hash) {
    return parts[(int) (hash >>> 58)];
  }

  /** Holds one lock at a time: whoever asks between finds the bucket full in both. */
  private static void move(long hash, CompactBuckets from, CompactBuckets to) {
    long[] state = new long[Shape.longs(Allowance.MOST)];
    Shape shape = from.part(hash).leave(hash, from.nowMicros(), state);
    to.part(hash).arrive(hash, shape, state);
  }

  @Override
  public boolean take(BucketKey key, Shape shape, long tokens, Reading reading) {
    return part(key).take(key.hash(), shape, tokens, nowMicros(), reading);
  }

  @Override
  public void peek(BucketKey key, Shape shape, long tokens, Reading reading) {
    part(key).peek(key.hash(), shape, tokens, nowMicros(), reading);
  }

  @Override
  public void giveBack(BucketKey key, long tokens) {
    part(key).giveBack(key.hash(), tokens);
  }

  @Override
  public void charge(BucketKey key, Shape shape, long tokens) {
    part(key).charge(key.hash(), shape, tokens, nowMicros());
  }

  @Override
  public void reset(BucketKey key) {
    part(key).reset(key.hash(), nowMicros());
  }

  /** The present moment, for {@link #note}. */
  public long nowMicros() {
    return Math.floorDiv(ticker.nanos(), 1000L);
  }

  /** Notes how full a bucket is that somebody else keeps: missing units by band at that time. */
  public void note(BucketKey key, Shape shape, long[] missing, long atMicros) {
    part(key).note(key.hash(), shape, missing, atMicros);
  }

  /**
   * What was noted of a bucket, brought up to date.
   *
   * @param missing filled with missing units by band; zeros for a bucket that nobody knows
   * @return when the bucket was last noted on the ticker's clock in microseconds, or {@link
   *     Long#MIN_VALUE}
   */
  public long noted(BucketKey key, Shape shape, long[] missing) {
    return part(key).noted(key.hash(), shape, missing, nowMicros());
  }

  @Override
  public long size() {
    long size = 0;
    for (CompactPart part : parts) {
      size += part.size();
    }
    return size;
  }

  /** As {@link #close}; what is missing here is missing in the usual table from now on. */
  public void handBack() {
    if (usual != null) {
      for (CompactPart part : parts) {
        for (long hash : part.hashes()) {
          move(hash, this, usual);
        }
      }
    }
    close();
  }

  /** Gives its memory back to the room; whoever still uses it begins anew, with next to none. */
  public void close() {
    for (CompactPart part : parts) {
      part.close();
    }
  }
}
