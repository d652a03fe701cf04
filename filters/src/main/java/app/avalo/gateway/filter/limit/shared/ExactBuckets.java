package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.shared.BucketCall.Grant;
import app.avalo.gateway.filter.limit.shared.Debts.Due;
import app.avalo.gateway.filter.redis.PendingCall;
import app.avalo.gateway.filter.redis.PendingCalls;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Completable;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks Redis for every request: no window ever admits more than burst and refill, whatever the
 * number of replicas. Requests for a bucket that is being asked about wait for that answer and then
 * ask together, first come first served, so a hot key costs one call per round trip.
 *
 * <p>What Redis said is noted. The bucket can only be emptier than that, so as long as the note
 * forbids a request Redis need not be asked; and should Redis lose its memory, the first call on a
 * new connection tells it.
 */
public final class ExactBuckets implements Buckets {
  /** In times to full: what was missing before is there, what was owed beyond that too. */
  private static final int MEMORY = 2;

  private final BucketCall redis;
  private final BucketBatch batch;
  private final ScriptRunner link;
  private final Ticker ticker;
  private final Shape shape;
  private final CompactBuckets notes;
  private final PendingCalls<Reading> waits;
  private final Map<BucketKey, Queue> queues = new HashMap<>();
  private final Debts debts;
  private final Repaid repaid;
  private final long[] missing;

  /**
   * Buckets of a policy and tier.
   *
   * @param notes of this policy and tier, shared by the loops of the process
   * @param repaid hears of what a share of these has back
   */
  public ExactBuckets(LoopLink loop, Shape shape, CompactBuckets notes, Repaid repaid) {
    this.link = loop.redis();
    this.ticker = loop.ticker();
    this.redis = new BucketCall(link, loop.prefix(), shape);
    this.batch = new BucketBatch(redis, link);
    this.shape = shape;
    this.notes = notes;
    this.debts = loop.debts();
    this.repaid = repaid;
    this.waits = link.waits();
    this.missing = new long[shape.bands()];
  }

  @Override
  public Said take(BucketKey key, long tokens, Reading reading) {
    if (notes.noted(key, shape, missing) == CompactBuckets.NEVER || shape.holds(missing, tokens)) {
      return Said.LATER;
    }
    shape.read(missing, tokens, false, reading);
    return Said.NO;
  }

  @Override
  public boolean scarce(BucketKey key, long tokens, Reading reading) {
    long when = notes.noted(key, shape, missing);
    return when != CompactBuckets.NEVER
        && notes.nowMicros() - when <= FRESH_NANOS / 1000
        && !shape.spares(missing, tokens, reading);
  }

  @Override
  public void ask(BucketKey key, long tokens, Completable<Reading> asker) {
    StoreUnavailable refusal = link.refusal();
    if (refusal != null) {
      asker.fail(refusal);
      return;
    }
    Queue queue = queues.get(key);
    if (queue == null) {
      queue = new Queue(redis.name(key), key);
      queues.put(key, queue);
    }
    long now = ticker.nanos();
    queue.add(new Waiting(waits.start(asker, now), tokens), now);
  }

  /** A request that waits for tokens. */
  private record Waiting(PendingCall<Reading> call, long tokens) {}

  /** Those who wait for one bucket; exists while a call is under way. */
  private final class Queue implements Completable<Grant> {
    final String name;
    final BucketKey key;
    private List<Waiting> waiting = List.of(); // a list of its own while somebody waits
    private List<Waiting> asking = List.of(); // in the call under way
    private Due owed = Due.NOTHING; // paid with it
    private long sentMicros;

    Queue(String name, BucketKey key) {
      this.name = name;
      this.key = key;
    }

    void add(Waiting one, long nowNanos) {
      waiting = waiting.isEmpty() ? new ArrayList<>(2) : waiting;
      waiting.add(one);
      if (asking.isEmpty()) {
        ask(nowNanos);
      }
    }

    private void ask(long nowNanos) {
      asking = waiting;
      waiting = List.of();
      long wanted = 0;
      long least = Long.MAX_VALUE; // who wants more than there is does not keep it from the others
      for (int i = 0; i < asking.size(); i++) {
        wanted += asking.get(i).tokens;
        least = Math.min(least, asking.get(i).tokens);
      }
      owed = debts.settle(key.hash());
      sentMicros = micros(nowNanos);
      long[] known = doubtful(key, nowNanos);
      batch.take(name, BucketCall.Wish.of(wanted, least, owed.tokens(), known), this);
    }

    @Override
    public void complete(@Nullable Grant grant, @Nullable Throwable failure) {
      List<Waiting> asked = asking;
      asking = List.of();
      if (grant != null) {
        notes.note(key, shape, grant.missing(), sentMicros);
        paid(key, owed, grant);
        share(asked, grant);
      } else if (failure != null) {
        // Perhaps it was charged and only the answer is lost: too much rather than too little.
        if (owed.tokens() > 0 || Unavailable.unsent(failure)) {
          debts.owe(key.hash(), owed, shape);
        }
        StoreUnavailable told = Unavailable.of(failure);
        for (int i = 0; i < asked.size(); i++) {
          asked.get(i).call.fail(told);
        }
      }
      if (!asking.isEmpty()) {
        return; // who heard the answer has asked again
      }
      if (!waiting.isEmpty()) {
        waiting.removeIf(one -> one.call.settled());
      }
      if (waiting.isEmpty()) {
        queues.remove(key);
      } else {
        ask(ticker.nanos());
      }
    }

    private void share(List<Waiting> asking, Grant grant) {
      long left = grant.tokens();
      for (Waiting one : asking) {
        boolean allowed = one.tokens <= left;
        Reading reading = new Reading();
        shape.read(grant.missing(), one.tokens, allowed, reading);
        if (one.call.answer(reading) && allowed) {
          left -= one.tokens;
        }
      }
      if (left > 0) {
        // Of somebody who has given up waiting, or too few for those who want more.
        left -= pay(key, left);
      }
      if (left > 0) {
        returned(key, name, left);
      }
    }
  }

  /** Pays debts with tokens that Redis has granted; says how many it took. */
  private long pay(BucketKey key, long tokens) {
    Due due = debts.settle(key.hash());
    Due paid = due.paid(tokens);
    debts.owe(key.hash(), due.less(paid), shape);
    if (paid.shared() > 0) {
      repaid.repaid(key, paid.shared());
    }
    return paid.tokens();
  }

  /** What a bucket did not have remains with the share that let it pass. */
  private void paid(BucketKey key, Due due, Grant grant) {
    if (due.shared() > 0 && shape.holds(grant.missing(), 0)) {
      repaid.repaid(key, due.shared());
    }
  }

  /** As notes have it. */
  private static long micros(long nanos) {
    return Math.floorDiv(nanos, 1000L);
  }

  /** What is known to be missing, if it was heard on another connection than the present one. */
  private long @Nullable [] doubtful(BucketKey key, long nowNanos) {
    if (micros(nowNanos) - micros(link.connectedNanos()) > MEMORY * shape.microsToFull()) {
      return null;
    }
    long when = notes.noted(key, shape, missing);
    return when == CompactBuckets.NEVER || when * 1000 > link.connectedNanos()
        ? null
        : missing.clone();
  }

  private void returned(BucketKey key, String name, long tokens) {
    notes.giveBack(key, tokens);
    long hash = key.hash(); // the key may change meanwhile
    batch.take(
        name,
        BucketCall.Wish.only(-tokens),
        (grant, failure) -> {
          // Else it may have arrived, and must not be given back twice.
          if (failure != null && Unavailable.unsent(failure)) {
            owe(hash, -tokens);
          }
        });
  }

  @Override
  public void charge(BucketKey key, long tokens) {
    BucketKey kept = key.copy();
    String name = redis.name(key);
    long now = ticker.nanos();
    batch.take(
        name,
        new BucketCall.Wish(0, 0, tokens, doubtful(kept, now)),
        (grant, failure) -> {
          if (grant == null) {
            owe(kept.hash(), tokens);
          } else {
            notes.note(kept, shape, grant.missing(), micros(now));
          }
        });
  }

  @Override
  public void owe(BucketKey key, long tokens) {
    debts.owe(key.hash(), new Due(tokens, tokens), shape);
  }

  private void owe(long hash, long tokens) {
    debts.owe(hash, Due.of(tokens, 0), shape);
  }

  @Override
  public Future<Reading> peek(BucketKey key, long tokens) {
    return redis
        .look(redis.name(key), tokens)
        .map(
            grant -> {
              Reading reading = new Reading();
              shape.read(grant.missing(), tokens, grant.tokens() >= tokens, reading);
              return reading;
            });
  }

  @Override
  public void giveBack(BucketKey key, long tokens) {
    returned(key, redis.name(key), tokens);
  }

  @Override
  public Future<Void> reset(BucketKey key) {
    BucketKey kept = key.copy();
    // Answers that were under way have said how it was before.
    return redis.reset(redis.name(key)).onSuccess(full -> filled(kept));
  }

  @Override
  public void filled(BucketKey key) {
    debts.settle(key.hash());
    notes.reset(key);
  }

  @Override
  public boolean shared() {
    return true;
  }
}
