package app.avalo.gateway.filter.limit.bucket;

import io.vertx.core.Completable;
import io.vertx.core.Future;

/** Buckets of this process only, which never have to wait. */
public record Here(LocalBuckets buckets, Shape shape) implements Buckets {
  @Override
  public Said take(BucketKey key, long tokens, Reading reading) {
    return buckets.take(key, shape, tokens, reading) ? Said.YES : Said.NO;
  }

  @Override
  public void ask(BucketKey key, long tokens, Completable<Reading> asker) {
    Reading reading = new Reading();
    take(key, tokens, reading);
    asker.succeed(reading);
  }

  @Override
  public boolean scarce(BucketKey key, long tokens, Reading reading) {
    throw new IllegalStateException("buckets of this process always answer");
  }

  @Override
  public Future<Reading> peek(BucketKey key, long tokens) {
    Reading reading = new Reading();
    buckets.peek(key, shape, tokens, reading);
    return Future.succeededFuture(reading);
  }

  @Override
  public void giveBack(BucketKey key, long tokens) {
    buckets.giveBack(key, tokens);
  }

  @Override
  public void charge(BucketKey key, long tokens) {
    buckets.charge(key, shape, tokens);
  }

  @Override
  public void owe(BucketKey key, long tokens) {
    throw new IllegalStateException("buckets of this process always answer");
  }

  @Override
  public Future<Void> reset(BucketKey key) {
    filled(key);
    return Future.succeededFuture();
  }

  @Override
  public void filled(BucketKey key) {
    buckets.reset(key);
  }

  @Override
  public boolean shared() {
    return false;
  }
}
