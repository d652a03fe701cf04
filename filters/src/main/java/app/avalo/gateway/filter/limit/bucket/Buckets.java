package app.avalo.gateway.filter.limit.bucket;

import io.vertx.core.Completable;
import io.vertx.core.Future;

/**
 * The buckets of one tier of one policy, as one event loop uses them. An unknown bucket is full.
 * Those who ask are failed only with {@link app.avalo.gateway.filter.redis.StoreUnavailable}.
 */
public interface Buckets {
  /** For so long what was heard of a bucket says how it is, beside a late answer. */
  long FRESH_NANOS = 1_000_000_000L;

  /** What can be said without waiting. */
  enum Said {
    /** The tokens are taken. */
    YES,
    /** Nothing is taken; the reading says how long it lasts. */
    NO,
    /** Only {@link #ask} can tell; the reading says nothing. */
    LATER
  }

  /** Whoever let tokens pass without asking hears that the store had and has charged them. */
  interface Repaid {
    void repaid(BucketKey key, long tokens);
  }

  /** Takes the tokens if all are there, as far as that is known here. */
  Said take(BucketKey key, long tokens, Reading reading);

  /**
   * Takes the tokens if all are there, asking whoever knows.
   *
   * @param key which is kept, and must not change any more
   * @param asker hears of it once, perhaps before this returns
   */
  void ask(BucketKey key, long tokens, Completable<Reading> asker);

  /**
   * Whether tokens must not be let pass although the store is only late: by what it said within the
   * last {@link #FRESH_NANOS} others may have used up the rest meanwhile ({@link Shape#spares}). If
   * so the reading is a refusal.
   */
  boolean scarce(BucketKey key, long tokens, Reading reading);

  /** What {@link #ask} would say, taking nothing; the rest is as before the taking. */
  Future<Reading> peek(BucketKey key, long tokens);

  /** Returns what was taken for a request that was then refused elsewhere; may be lost. */
  void giveBack(BucketKey key, long tokens);

  /** As {@link #giveBack}, of what {@link #take} took just now: as if nobody had asked. */
  default void untake(BucketKey key, long tokens) {
    giveBack(key, tokens);
  }

  /** Charges tokens of a request that has passed already, as far as there are any; may be lost. */
  void charge(BucketKey key, long tokens);

  /**
   * Charges tokens that were let pass without asking, because nobody answered, with the next call;
   * below zero takes that back.
   */
  void owe(BucketKey key, long tokens);

  /** Makes the bucket full. */
  Future<Void> reset(BucketKey key);

  /** It was filled up, by whomever: what was known here is not so any more. */
  void filled(BucketKey key);

  /** Whether replicas share them. */
  boolean shared();

  /** Brings back what is held for requests to come; from now on nothing more is. */
  default Future<Void> close() {
    return Future.succeededFuture();
  }
}
