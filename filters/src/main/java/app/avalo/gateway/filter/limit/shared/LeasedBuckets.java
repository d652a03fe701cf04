package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.shared.Debts.Due;
import app.avalo.gateway.filter.limit.shared.Lease.Waiting;
import app.avalo.gateway.filter.redis.PendingCalls;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Completable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes tokens from Redis ahead of the requests and spends them without asking. A tenth of the
 * burst, H, is kept out of the bucket in Redis and is the most that may be out unspent, so no
 * window ever admits more than burst and refill. Where H leaves fewer than four tokens to each loop
 * that asks, or the demand is low, Redis is asked for each request.
 */
public final class LeasedBuckets implements Buckets {
  private static final double PART = 0.1;
  private static final int MOST_LEASES = 50_000;
  private static final Duration SWEEP = Duration.ofMillis(100);
  private static final long IDLE_NANOS = LeaseCall.LIFETIME.toNanos() / 2;
  private static final long GONE_NANOS = 2_000_000_000L;

  /** Once closed, what finds no room on the link is sent again for so long. */
  private static final long PATIENCE_NANOS = 2_000_000_000L;

  private final LeaseCall redis;
  private final ScriptRunner link;
  private final LoopLink loop;
  private final Ticker ticker;
  private final PendingCalls<Reading> waits;
  private final Debts debts;
  private final CompactBuckets notes;
  private final Repaid repaid;
  private final Map<BucketKey, Lease> leases = new HashMap<>();
  private final String replica = Long.toHexString(new SecureRandom().nextLong());
  private long sequence; // of calls
  private boolean sweeping;
  private boolean closed;
  private long closedNanos;
  private final Promise<Void> over = Promise.promise(); // closed, and nothing is held any more

  /**
   * Buckets of a policy and tier.
   *
   * @param shape of the bucket in Redis, without what may be out
   * @param most tokens that may be out unspent in all
   * @param notes of this policy and tier, shared by the loops of the process: what Redis said, for
   *     when it has lost its memory
   * @param repaid hears of what a share of these has back
   */
  public LeasedBuckets(LoopLink loop, Shape shape, long most, CompactBuckets notes, Repaid repaid) {
    this.link = loop.redis();
    this.redis = new LeaseCall(link, loop.prefix(), shape, most);
    this.loop = loop;
    this.ticker = loop.ticker();
    this.debts = loop.debts();
    this.notes = notes;
    this.repaid = repaid;
    this.waits = link.waits();
  }

  /** H. */
  public static long most(Allowance allowance) {
    long least = allowance.bandwidths().stream().mapToLong(Bandwidth::burst).min().orElseThrow();
    return (long) (least * PART);
  }

  @Override
  public Said take(BucketKey key, long tokens, Reading reading) {
    Lease lease = leases.get(key);
    if (lease == null) {
      return Said.LATER;
    }
    long now = ticker.nanos();
    if (lease.spend(tokens, now)) {
      if (!lease.underWay && lease.low(now) && lease.retryNanos(tokens, now) <= 0) {
        call(lease, false);
      }
      lease.tell(reading);
      return Said.YES;
    }
    long retry = lease.retryNanos(tokens, now);
    if (retry <= 0) {
      return Said.LATER;
    }
    lease.used(tokens, now);
    lease.read(redis, tokens, false, reading);
    reading.refused(Math.max(retry, reading.retryAfterNanos() - lease.ageNanos(now)));
    return Said.NO;
  }

  @Override
  public boolean scarce(BucketKey key, long tokens, Reading reading) {
    Lease lease = leases.get(key);
    return lease != null && lease.scarce(redis.shape(), tokens, ticker.nanos(), reading);
  }

  @Override
  public void ask(BucketKey key, long tokens, Completable<Reading> asker) {
    StoreUnavailable refusal = link.refusal();
    if (refusal != null) {
      asker.fail(refusal);
      return;
    }
    Lease lease = leases.get(key);
    if (lease == null) {
      lease = lease(key); // its time begins with this request, which is not counted against it
    } else {
      lease.used(tokens, ticker.nanos());
    }
    lease.add(new Waiting(waits.start(asker), tokens));
    if (!lease.underWay) {
      call(lease, false);
    }
  }

  private Lease lease(BucketKey key) {
    Lease known = leases.get(key);
    if (known != null) {
      return known;
    }
    BucketKey copy = key.copy();
    long now = ticker.nanos();
    Lease lease = new Lease(copy, redis.name(copy), redis.shape().bands(), now);
    long noted = notes.noted(copy, redis.shape(), lease.missing);
    if (noted != CompactBuckets.NEVER) {
      lease.heard(1000 * noted);
    }
    // One too many asks for itself only and is not kept; it never has a lease.
    if (keeps(copy)) {
      leases.put(copy, lease);
    }
    if (!sweeping && !closed) {
      sweeping = true;
      link.timers().after(SWEEP, this::sweep);
    }
    return lease;
  }

  /** Whether what is to be said of a key waits here; else with the debts of the loop. */
  private boolean keeps(BucketKey key) {
    return !closed && (leases.size() < MOST_LEASES || leases.containsKey(key));
  }

  /** Ends when the call is over and, unless the lease is kept, nothing of it is held any more. */
  private Future<Void> call(Lease lease, boolean givenUp) {
    lease.underWay = true;
    lease.settle(debts.settle(debtor(lease.key)));
    List<Waiting> asking = lease.asking();
    long sent = ticker.nanos();
    long most = givenUp || closed ? 0 : redis.most();
    Due owed = lease.owing();
    LeaseCall.Wish wish = lease.wish(asking, most, ++sequence, sent);
    long @Nullable [] known = lease.lostMissing(redis.shape(), link.connectedNanos(), sent);
    return redis
        .ask(lease.name, replica, wish, known)
        .transform(
            (grant, failure) ->
                answered(lease, new Sent(asking, wish, owed, sent), grant, failure));
  }

  /** A call under way. */
  private record Sent(List<Waiting> asking, LeaseCall.Wish wish, Due owed, long atNanos) {}

  private Future<Void> answered(
      Lease lease, Sent sent, LeaseCall.@Nullable Grant grant, @Nullable Throwable failure) {
    lease.underWay = false;
    boolean unsent = failure != null && Unavailable.unsent(failure);
    if (grant != null) {
      lease.granted(grant, sent.atNanos(), ticker.nanos());
      lease.conclude(redis);
      notes.note(lease.key, redis.shape(), grant.missing(), sent.atNanos() / 1000);
      lease.share(redis, sent.asking(), grant, ticker.nanos());
      // What a bucket did not have remains with the share that let it pass.
      long had = redis.shape().holds(grant.missing(), 0) ? sent.owed().shared() : 0;
      long back = had + lease.pay().shared();
      if (back > 0) {
        repaid.repaid(lease.key, back);
      }
    } else if (failure != null) {
      // Perhaps it was charged and only the answer is lost: too much rather than too little.
      lease.owe(sent.owed());
      if (unsent) {
        lease.giveBack(sent.wish().returned());
        loop.pause();
      }
      for (Waiting one : sent.asking()) {
        one.call().fail(Unavailable.of(failure));
      }
    }
    if (lease.isAwaited()) {
      call(lease, false);
    } else if (!isKept(lease)) {
      leave(lease, failure == null || unsent && again());
    } else if (failure == null) {
      tellDebt(lease);
    }
    return Future.succeededFuture();
  }

  private boolean isKept(Lease lease) {
    return !closed && leases.get(lease.key) == lease;
  }

  private boolean again() {
    return closed && link.isUp() && ticker.nanos() - closedNanos < PATIENCE_NANOS;
  }

  /** Of a lease that is not kept nothing may stay, neither tokens nor debts. */
  private void leave(Lease lease, boolean send) {
    if (send && !lease.empty(ticker.nanos())) {
      errand(lease, true);
      loop.send();
      return;
    }
    debts.owe(debtor(lease.key), lease.leave(), redis.shape());
    leases.remove(lease.key, lease);
    if (closed && leases.isEmpty()) {
      over.tryComplete();
    }
  }

  /** Lets a call come when there is room for it. */
  private void errand(Lease lease, boolean soon) {
    if (!lease.due) {
      lease.due = true;
      loop.add(() -> sent(lease), soon);
    }
  }

  private @Nullable Future<Void> sent(Lease lease) {
    lease.due = false;
    long now = ticker.nanos();
    if (lease.underWay) {
      return null; // what comes of that call decides
    }
    boolean kept = isKept(lease);
    if (link.isUp() && !lease.empty(now) && (!kept || isDue(lease, now))) {
      return call(lease, !kept || lease.idle(IDLE_NANOS, now));
    }
    if (!kept) {
      leave(lease, false);
    }
    return null;
  }

  /** Brings back what lies idle, renews what is in use, forgets what is over. */
  private void sweep() {
    if (closed) {
      return;
    }
    long now = ticker.nanos();
    boolean up = link.isUp();
    for (Iterator<Lease> all = leases.values().iterator(); all.hasNext(); ) {
      Lease lease = all.next();
      if (lease.empty(now)) {
        if (lease.idle(GONE_NANOS, now)) {
          all.remove();
        }
      } else if (up && isDue(lease, now)) {
        errand(lease, lease.held(now) > 0); // debts wait better than what expires
      }
    }
    loop.send();
    sweeping = !leases.isEmpty();
    if (sweeping) {
      link.timers().after(SWEEP, this::sweep);
    }
  }

  private static boolean isDue(Lease lease, long now) {
    return !lease.underWay && (lease.old(now) || lease.idle(IDLE_NANOS, now));
  }

  @Override
  public Future<Reading> peek(BucketKey key, long tokens) {
    return redis
        .look(redis.name(key), tokens)
        .map(
            grant -> {
              Reading reading = new Reading();
              redis.shape().read(grant.missing(), tokens, grant.spent() >= tokens, reading);
              return reading;
            });
  }

  @Override
  public void giveBack(BucketKey key, long tokens) {
    if (keeps(key)) {
      lease(key).giveBack(tokens);
    } else {
      tell(key, -tokens);
    }
  }

  /** Unless a call is on its way that says how much is held. */
  @Override
  public void untake(BucketKey key, long tokens) {
    Lease lease = leases.get(key);
    if (lease == null || closed || lease.underWay) {
      giveBack(key, tokens);
    } else {
      lease.untake(tokens);
    }
  }

  @Override
  public void charge(BucketKey key, long tokens) {
    if (keeps(key)) {
      Lease lease = lease(key);
      lease.charge(tokens, ticker.nanos());
      tellDebt(lease);
    } else {
      tell(key, tokens);
    }
  }

  @Override
  public void owe(BucketKey key, long tokens) {
    if (keeps(key)) {
      lease(key).owe(new Due(tokens, tokens));
    } else {
      debts.owe(debtor(key), new Due(tokens, tokens), redis.shape());
    }
  }

  /** Not the exact bucket of the same key, which the policy may have had before a reload. */
  private static long debtor(BucketKey key) {
    return ~key.hash();
  }

  /** At once: what others tell their callers is left has to be without it. */
  private void tellDebt(Lease lease) {
    if (lease.owing().tokens() > 0 && !lease.underWay && link.refusal() == null) {
      call(lease, false);
    }
  }

  /** Whoever calls for the bucket next says it too. */
  private void tell(BucketKey key, long debt) {
    debts.owe(debtor(key), Due.of(debt, 0), redis.shape());
  }

  /** Other loops and replicas go on spending what they hold, H in all at most. */
  @Override
  public Future<Void> reset(BucketKey key) {
    BucketKey kept = key.copy();
    // Answers that were under way have said how it was before.
    return redis.reset(redis.name(key)).onSuccess(full -> filled(kept));
  }

  @Override
  public void filled(BucketKey key) {
    debts.settle(debtor(key));
    notes.reset(key);
    Lease lease = leases.get(key);
    if (lease != null) {
      lease.forget(ticker.nanos());
      lease.conclude(redis);
    }
  }

  @Override
  public boolean shared() {
    return true;
  }

  @Override
  public Future<Void> close() {
    if (!closed) {
      closed = true;
      closedNanos = ticker.nanos();
      leases.values().removeIf(lease -> lease.empty(closedNanos));
      leases.values().forEach(lease -> errand(lease, lease.held(closedNanos) > 0));
      if (leases.isEmpty()) {
        over.tryComplete();
      }
      loop.send();
    }
    return over.future();
  }
}
