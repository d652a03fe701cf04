package app.avalo.gateway.filter.limit.override;

import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Here;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Shape;
import io.vertx.core.Future;

/**
 * Buckets of this process for a caller whose rates are other than before: each begins as full as
 * the one that it replaces.
 */
public record Seeded(CompactBuckets own, Shape shape, Here before) implements Buckets {
  private Here seeded(BucketKey key) {
    long[] missing = new long[shape.bands()];
    if (own.noted(key, shape, missing) == CompactBuckets.NEVER) {
      Reading reading = new Reading();
      before.buckets().peek(key, before.shape(), 1, reading);
      long capacity = before.shape().band(reading.band()).capacity();
      double used = 1 - (double) reading.remaining() / capacity;
      for (int i = 0; i < missing.length; i++) {
        missing[i] = (long) Math.ceil(used * shape.band(i).capacityUnits());
      }
      own.note(key, shape, missing, own.nowMicros());
    }
    return new Here(own, shape);
  }

  @Override
  public Said take(BucketKey key, long tokens, Reading reading) {
    return seeded(key).take(key, tokens, reading);
  }

  @Override
  public boolean scarce(BucketKey key, long tokens, Reading reading) {
    return seeded(key).scarce(key, tokens, reading);
  }

  @Override
  public Future<Reading> ask(BucketKey key, long tokens) {
    return seeded(key).ask(key, tokens);
  }

  @Override
  public Future<Reading> peek(BucketKey key, long tokens) {
    return seeded(key).peek(key, tokens);
  }

  @Override
  public void giveBack(BucketKey key, long tokens) {
    seeded(key).giveBack(key, tokens);
  }

  @Override
  public void charge(BucketKey key, long tokens) {
    seeded(key).charge(key, tokens);
  }

  @Override
  public void owe(BucketKey key, long tokens) {
    seeded(key).owe(key, tokens);
  }

  @Override
  public Future<Void> reset(BucketKey key) {
    return seeded(key).reset(key);
  }

  @Override
  public boolean shared() {
    return false;
  }
}
