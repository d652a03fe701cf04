package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.shared.Lease.Waiting;
import app.avalo.gateway.filter.redis.PendingCalls;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
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

  private final LeaseCall redis;
  private final ScriptRunner link;
  private final Ticker ticker;
  private final PendingCalls<Reading> waits;
  private final Debts debts;
  private final Map<BucketKey, Lease> leases = new HashMap<>();
  private final String replica = Long.toHexString(new SecureRandom().nextLong());
  private long sequence; // of calls
  private boolean sweeping;
  private boolean closed;

  /**
   * Buckets of a policy and tier.
   *
   * @param shape of the bucket in Redis, {@link #without} what may be out
   * @param most tokens that may be out unspent in all
   * @param debts of this loop
   */
  public LeasedBuckets(
      ScriptRunner redis, String prefix, Shape shape, long most, Ticker ticker, Debts debts) {
    this.redis = new LeaseCall(redis, prefix, shape, most);
    this.link = redis;
    this.ticker = ticker;
    this.debts = debts;
    this.waits = redis.waits();
  }

  /** H. */
  public static long most(Allowance allowance) {
    long least = Long.MAX_VALUE;
    for (Bandwidth bandwidth : allowance.bandwidths()) {
      least = Math.min(least, bandwidth.burst());
    }
    return (long) (least * PART);
  }

  /** What is in Redis of an allowance of which so many tokens may be out. */
  public static Allowance without(Allowance allowance, long most) {
    return new Allowance(
        allowance.bandwidths().stream()
            .map(bandwidth -> new Bandwidth(bandwidth.rate(), bandwidth.burst() - most))
            .toList());
  }

  @Override
  public Said take(BucketKey key, long tokens, Reading reading) {
    Lease lease = leases.get(key);
    if (lease == null) {
      return Said.LATER;
    }
    long now = ticker.nanos();
    if (lease.spend(tokens, now)) {
      if (!lease.underWay && lease.low(redis.most(), now) && lease.retryNanos(tokens, now) <= 0) {
        call(lease, false);
      }
      read(lease, tokens, true, reading);
      return Said.YES;
    }
    long retry = lease.retryNanos(tokens, now);
    if (retry <= 0) {
      return Said.LATER;
    }
    lease.used(tokens, now);
    read(lease, tokens, false, reading);
    reading.refused(Math.max(retry, reading.retryAfterNanos() - lease.ageNanos(now)));
    return Said.NO;
  }

  /**
   * What is told to be left has to be there at any replica, so what is held here does not count.
   */
  private void read(Lease lease, long tokens, boolean allowed, Reading reading) {
    redis.shape().read(lease.missing, tokens, allowed, reading);
    reading.unsure(lease.unsure(redis.most(), redis.shape().band(reading.band())));
  }

  @Override
  public boolean scarce(BucketKey key, long tokens, Reading reading) {
    Lease lease = leases.get(key);
    return lease != null && lease.scarce(redis.shape(), tokens, ticker.nanos(), reading);
  }

  @Override
  public Future<Reading> ask(BucketKey key, long tokens) {
    StoreUnavailable refusal = link.refusal();
    if (refusal != null) {
      return Future.failedFuture(refusal);
    }
    Lease lease = leases.get(key);
    if (lease == null) {
      lease = lease(key); // its time begins with this request, which is not counted against it
    } else {
      lease.used(tokens, ticker.nanos());
    }
    Waiting one = new Waiting(waits.start(), tokens);
    lease.waiting.add(one);
    if (!lease.underWay) {
      call(lease, false);
    }
    return one.call().future();
  }

  private Lease lease(BucketKey key) {
    Lease known = leases.get(key);
    if (known != null) {
      return known;
    }
    BucketKey copy = key.copy();
    Lease lease = new Lease(copy, redis.name(copy), redis.shape().bands(), ticker.nanos());
    lease.owe(debts.settle(lease.name));
    // One too many asks for itself only and is not kept; it never has a lease.
    if (leases.size() < MOST_LEASES) {
      leases.put(copy, lease);
    }
    if (!sweeping && !closed) {
      sweeping = true;
      link.timers().after(SWEEP, this::sweep);
    }
    return lease;
  }

  /** Ends when the call is over and, once closed, nothing is held any more. */
  private Future<Void> call(Lease lease, boolean givenUp) {
    lease.underWay = true;
    List<Waiting> asking = List.copyOf(lease.waiting);
    lease.waiting.clear();
    long sent = ticker.nanos();
    long most = givenUp || closed ? 0 : redis.most();
    LeaseCall.Wish wish = lease.wish(asking, most, ++sequence, sent);
    Future<Void> over =
        redis
            .ask(
                lease.name,
                replica,
                wish,
                lease.lostMissing(redis.shape(), link.connectedNanos(), sent))
            .transform(
                (grant, failure) -> answered(lease, new Sent(asking, wish, sent), grant, failure));
    lease.over = over;
    return over;
  }

  /** A call under way. */
  private record Sent(List<Waiting> asking, LeaseCall.Wish wish, long atNanos) {}

  private Future<Void> answered(
      Lease lease, Sent sent, LeaseCall.@Nullable Grant grant, @Nullable Throwable failure) {
    lease.underWay = false;
    if (grant != null) {
      lease.granted(grant, sent.atNanos(), ticker.nanos());
      share(lease, sent.asking(), grant);
    } else if (failure != null) {
      // Perhaps it was charged and only the answer is lost: too much rather than too little.
      lease.owe(sent.wish().owed());
      if (Unavailable.unsent(failure)) {
        lease.giveBack(sent.wish().returned());
      }
      if (closed || !leases.containsKey(lease.key)) {
        debts.owe(lease.name, lease.settle(), redis.shape());
      }
      for (Waiting one : sent.asking()) {
        one.call().fail(Unavailable.of(failure));
      }
    }
    lease.waiting.removeIf(one -> one.call().settled());
    if (closed && grant != null && !lease.empty(ticker.nanos())) {
      return call(lease, true);
    }
    if (!lease.waiting.isEmpty()) {
      call(lease, false);
    }
    return Future.succeededFuture();
  }

  private void share(Lease lease, List<Waiting> asking, LeaseCall.Grant grant) {
    long left = grant.spent();
    for (Waiting one : asking) {
      boolean allowed = one.tokens() <= left;
      Reading reading = new Reading();
      if (allowed) {
        read(lease, one.tokens(), true, reading);
      } else {
        refuse(lease, one.tokens(), grant, reading);
      }
      if (one.call().answer(reading) && allowed) {
        left -= one.tokens();
      }
    }
    // Of somebody who has given up waiting; nobody counts these as out, so they are not spent.
    lease.giveBack(left);
  }

  private void refuse(Lease lease, long tokens, LeaseCall.Grant grant, Reading reading) {
    read(lease, tokens, false, reading);
    long turn = 1000 * grant.retryMicros();
    if (turn < reading.retryAfterNanos()) {
      lease.refused(tokens, reading.retryAfterNanos(), ticker.nanos());
    } else {
      reading.refused(turn);
    }
  }

  /** Brings back what lies idle, renews what is in use, forgets what is over. */
  private void sweep() {
    long now = ticker.nanos();
    for (Lease lease : new ArrayList<>(leases.values())) {
      if (lease.empty(now)) {
        if (lease.idle(GONE_NANOS, now)) {
          leases.remove(lease.key);
        }
      } else if (link.isUp()
          && !lease.underWay
          && (lease.old(now) || lease.idle(IDLE_NANOS, now))) {
        call(lease, lease.idle(IDLE_NANOS, now));
      }
    }
    sweeping = !leases.isEmpty() && !closed;
    if (sweeping) {
      link.timers().after(SWEEP, this::sweep);
    }
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
    lease(key).giveBack(tokens);
  }

  /** Unless a call is on its way that says how much is held. */
  @Override
  public void untake(BucketKey key, long tokens) {
    Lease lease = lease(key);
    if (lease.underWay) {
      lease.giveBack(tokens);
    } else {
      lease.untake(tokens);
    }
  }

  @Override
  public void charge(BucketKey key, long tokens) {
    lease(key).charge(tokens, ticker.nanos());
  }

  @Override
  public void owe(BucketKey key, long tokens) {
    if (closed || (leases.size() >= MOST_LEASES && !leases.containsKey(key))) {
      debts.owe(redis.name(key), tokens, redis.shape());
    } else {
      lease(key).owe(tokens);
    }
  }

  /** Other loops and replicas go on spending what they hold, H in all at most. */
  @Override
  public Future<Void> reset(BucketKey key) {
    filled(key);
    return redis.reset(redis.name(key));
  }

  @Override
  public void filled(BucketKey key) {
    debts.settle(redis.name(key));
    Lease lease = leases.get(key);
    if (lease != null) {
      lease.forget(ticker.nanos());
    }
  }

  @Override
  public boolean shared() {
    return true;
  }

  @Override
  public Future<Void> close() {
    closed = true;
    long now = ticker.nanos();
    List<Future<?>> returns = new ArrayList<>();
    for (Lease lease : leases.values()) {
      if (lease.underWay) {
        returns.add(lease.over);
      } else if (!lease.empty(now)) {
        returns.add(call(lease, true));
      }
    }
    return Future.join(returns).mapEmpty();
  }
}
