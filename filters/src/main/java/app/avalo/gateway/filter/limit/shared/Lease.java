package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.Band;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.shared.Debts.Due;
import app.avalo.gateway.filter.redis.PendingCall;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one event loop holds of one bucket: tokens that it may spend without asking, until they
 * expire. One thread.
 */
final class Lease {
  /** Counted from sending, so that it is over here before Redis thinks so. */
  private static final long VALID_NANOS = LeaseCall.LIFETIME.toNanos() / 100 * 95;

  private static final long AHEAD_NANOS = 100_000_000L;

  /** Of it, while the bucket is at least half full: nobody misses what is held then. */
  private static final int AMPLE = 2;

  /** A request that waits for tokens. */
  record Waiting(PendingCall<Reading> call, long tokens) {}

  final BucketKey key;
  final String name;
  long[] missing; // units in Redis by band, as of the last answer
  boolean underWay;
  boolean due; // whether a call that can wait stands in the queue of the loop
  private List<Waiting> waiting = List.of(); // a list of its own while somebody waits
  private long tokens;
  private long expiresNanos;
  private long returning; // not to be spent any more, and not yet brought back
  private Due owed = Due.NOTHING; // let pass without asking, and not yet charged
  private long retryAtNanos;
  private long retryTokens; // requests for fewer may ask earlier
  private long usedNanos;
  private long heardNanos = Long.MIN_VALUE;
  private long missingNanos; // the time of what is missing
  private long offered; // tokens that requests wanted since the last call, each counted once
  private long offeredSinceNanos;
  private double perNano; // smoothed
  private boolean ample; // conclude()
  private long live = 1;
  private long demand; // of all, tokens per second

  // conclude()
  private long lowAt;
  private final Reading told = new Reading(); // of a request that passes

  Lease(BucketKey key, String name, int bands, long nowNanos) {
    this.key = key;
    this.name = name;
    this.missing = new long[bands];
    this.expiresNanos = nowNanos;
    this.retryAtNanos = nowNanos;
    this.usedNanos = nowNanos;
    this.offeredSinceNanos = nowNanos;
    this.missingNanos = nowNanos;
  }

  void add(Waiting one) {
    waiting = waiting.isEmpty() ? new ArrayList<>(2) : waiting;
    waiting.add(one);
  }

  /** Those who wait, from now on for the call that is made for them. */
  List<Waiting> asking() {
    List<Waiting> asking = waiting;
    waiting = List.of();
    return asking;
  }

  /** Whether anybody waits who has not given up. */
  boolean isAwaited() {
    if (!waiting.isEmpty()) {
      waiting.removeIf(one -> one.call().settled());
    }
    return !waiting.isEmpty();
  }

  /** What is missing was said then, to a lease before this one. */
  void heard(long nanos) {
    heardNanos = nanos;
  }

  /** Spends tokens if they are here; else nobody has used it yet. */
  boolean spend(long wanted, long nowNanos) {
    if (wanted > held(nowNanos)) {
      return false;
    }
    used(wanted, nowNanos);
    tokens -= wanted;
    return true;
  }

  /** A request wants so many tokens, and is answered here or asks Redis. */
  void used(long wanted, long nowNanos) {
    usedNanos = nowNanos;
    offered += wanted;
  }

  /** What may still be spent; a lease that has expired never revives. */
  long held(long nowNanos) {
    if (nowNanos - expiresNanos >= 0) {
      tokens = 0;
    }
    return tokens;
  }

  /** How long Redis need not be asked for so many tokens; 0 or less when it may be. */
  long retryNanos(long wanted, long nowNanos) {
    return wanted < retryTokens ? 0 : retryAtNanos - nowNanos;
  }

  void refused(long wanted, long retryNanos, long nowNanos) {
    retryTokens = wanted;
    retryAtNanos = nowNanos + retryNanos;
  }

  /** Units that are missing by what Redis said before it may have forgotten it, or null. */
  long @Nullable [] lostMissing(Shape shape, long connectedNanos, long nowNanos) {
    return heardNanos == Long.MIN_VALUE || heardNanos > connectedNanos
        ? null
        : later(shape, nowNanos);
  }

  private long[] later(Shape shape, long nowNanos) {
    return shape.later(missing, (nowNanos - missingNanos) / 1000);
  }

  /**
   * Whether Redis was heard just now, and had too little to spare so many tokens: then the reading
   * is a refusal.
   */
  boolean scarce(Shape shape, long tokens, long nowNanos, Reading reading) {
    return heardNanos != Long.MIN_VALUE
        && ageNanos(nowNanos) <= Buckets.FRESH_NANOS
        && !shape.spares(later(shape, nowNanos), tokens, reading);
  }

  /** How old the last answer is, at most. */
  long ageNanos(long nowNanos) {
    return nowNanos - heardNanos;
  }

  void giveBack(long unspent) {
    returning += unspent;
  }

  /** Holds again what was spent just now. */
  void untake(long unspent) {
    tokens += unspent;
    offered = Math.max(0, offered - unspent);
  }

  /** Of what is held, and beyond that with the next call; demand like what was asked for. */
  void charge(long passed, long nowNanos) {
    offered += passed;
    long here = Math.min(passed, held(nowNanos));
    tokens -= here;
    owe(passed - here);
  }

  void owe(long passed) {
    owe(Due.of(passed, 0));
  }

  void owe(Due passed) {
    Due sum = owed.and(passed);
    owed = sum.tokens() > 0 ? sum : Due.NOTHING;
  }

  /** Takes over what is owed to the bucket; below zero what it is owed back. */
  void settle(Due due) {
    if (due.tokens() > 0) {
      owe(due);
    } else {
      giveBack(-due.tokens());
    }
  }

  /** Pays what is owed with what would be brought back; says what it has paid. */
  Due pay() {
    Due paid = owed.paid(returning);
    owed = owed.less(paid);
    returning -= paid.tokens();
    return paid;
  }

  /** What is owed, less what was to be brought back; from now on neither. */
  Due leave() {
    Due due = Due.of(owed.tokens() - returning, owed.shared());
    owed = Due.NOTHING;
    returning = 0;
    return due;
  }

  /** What is charged with the next call. */
  Due owing() {
    return owed;
  }

  private long perSecond() {
    return Math.round(perNano * 1e9);
  }

  /**
   * What a loop wants to hold: some time of its own demand, and no more than its part of all
   * demand. None for who seldom asks: it would be brought back unused, with a second call.
   */
  long target(long most) {
    if (most / live < 4) {
      return 0;
    }
    long own = perSecond();
    long part = Math.max(most / (2 * live), most * own / Math.max(1, Math.max(own, demand)));
    double wanted = perNano * AHEAD_NANOS;
    return wanted < 1 ? 0 : Math.min(part, Math.round(ample ? AMPLE * wanted : wanted));
  }

  /**
   * Tokens of a band in Redis that cannot be promised to whoever asks next: what all may have taken
   * since it was last heard, beyond what came back.
   */
  private long unsure(long most, Band band) {
    if (most / live < 4) {
      return 0;
    }
    long micros = LeaseCall.LIFETIME.toNanos() / 1000;
    return Math.max(0, demand * micros / 1_000_000 - band.tokens(micros));
  }

  boolean low(long nowNanos) {
    return held(nowNanos) <= lowAt;
  }

  boolean idle(long nanos, long nowNanos) {
    return nowNanos - usedNanos > nanos;
  }

  /** Nothing to spend, to bring back or to wait for. */
  boolean empty(long nowNanos) {
    return !underWay
        && waiting.isEmpty()
        && returning == 0
        && owed.tokens() == 0
        && held(nowNanos) == 0;
  }

  /** Half its time is over. */
  boolean old(long nowNanos) {
    return nowNanos - expiresNanos > -VALID_NANOS / 2;
  }

  /**
   * What to ask for: tokens for those who wait, and a lease.
   *
   * @param most tokens that all may hold; 0 when the lease is to be given up
   */
  LeaseCall.Wish wish(List<Waiting> asking, long most, long sequence, long nowNanos) {
    measure(nowNanos);
    long need = 0;
    long least = asking.isEmpty() ? 0 : Long.MAX_VALUE;
    for (Waiting one : asking) {
      need += one.tokens();
      least = Math.min(least, one.tokens());
    }
    long target = target(most);
    lowAt = lowAt(target);
    long had = held(nowNanos);
    tokens = Math.min(had, target);
    long returned = had - tokens + returning;
    returning = 0;
    long ahead = target - tokens;
    long worth = target == 0 ? 0 : Math.min(need + ahead, Math.max(1, target * 3 / 4));
    long owing = owed.tokens();
    owed = Due.NOTHING;
    return new LeaseCall.Wish(
        tokens, returned, need, least, ahead, worth, owing, perSecond(), sequence);
  }

  private static long lowAt(long target) {
    return target * 3 / 10;
  }

  private void measure(long nowNanos) {
    long passed = nowNanos - offeredSinceNanos;
    if (passed > 0) {
      double weight = Math.min(1, passed / (double) AHEAD_NANOS);
      perNano += weight * ((double) offered / passed - perNano);
      offered = 0;
      offeredSinceNanos = nowNanos;
    }
  }

  /** Takes what Redis granted to a call that was sent then. */
  void granted(LeaseCall.Grant grant, long sentNanos, long nowNanos) {
    long still = held(nowNanos);
    expiresNanos = sentNanos + VALID_NANOS;
    tokens = still + grant.lent();
    held(nowNanos);
    live = grant.live();
    demand = grant.demand();
    missing = grant.missing();
    heardNanos = sentNanos;
    missingNanos = sentNanos;
    refused(0, 1000 * grant.retryMicros(), nowNanos);
  }

  /** Works out, once, what holds until the next answer. */
  void conclude(LeaseCall redis) {
    ample = redis.shape().isHalfFull(missing);
    lowAt = lowAt(target(redis.most()));
    read(redis, 0, true, told);
  }

  /** What a request is told that has spent tokens here. */
  void tell(Reading reading) {
    reading.copy(told);
  }

  /** Tells those who asked what they got, first come first served. */
  void share(LeaseCall redis, List<Waiting> asking, LeaseCall.Grant grant, long nowNanos) {
    long left = grant.spent();
    for (Waiting one : asking) {
      boolean allowed = one.tokens() <= left;
      Reading reading = new Reading();
      read(redis, one.tokens(), allowed, reading);
      if (!allowed) {
        refuse(one.tokens(), grant, nowNanos, reading);
      }
      if (one.call().answer(reading) && allowed) {
        left -= one.tokens();
      }
    }
    // Of somebody who has given up waiting; nobody counts these as out, so they are not spent.
    giveBack(left);
  }

  private void refuse(long wanted, LeaseCall.Grant grant, long nowNanos, Reading reading) {
    long turn = 1000 * grant.retryMicros();
    if (turn < reading.retryAfterNanos()) {
      refused(wanted, reading.retryAfterNanos(), nowNanos);
    } else {
      reading.refused(turn);
    }
  }

  /**
   * What is told to be left has to be there at any replica, so what is held here does not count.
   */
  void read(LeaseCall redis, long wanted, boolean allowed, Reading reading) {
    redis.shape().read(missing, wanted, allowed, reading);
    reading.unsure(unsure(redis.most(), redis.shape().band(reading.band())));
  }

  /** Becomes as if nothing were known, or owed. */
  void forget(long nowNanos) {
    tokens = 0;
    owed = Due.NOTHING;
    retryAtNanos = nowNanos;
    missing = new long[missing.length];
  }
}
