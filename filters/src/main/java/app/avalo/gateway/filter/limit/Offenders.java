package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.TimeOut;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.time.Ticker;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Who was refused by one policy and came back before the time that it was told: after so many times
 * they are shut out for a time that doubles. Who waits as it is told may be refused again, for
 * taking all it can get or for others with its key, and has done nothing. At most {@value #MOST}
 * are known at once; for one more somebody has to go who was never shut out, else it is limited
 * only. Safe from every thread.
 */
final class Offenders {
  static final int MOST = 10_000;

  private static final int SAMPLE = 8;

  private final ConcurrentHashMap<BucketKey, Offence> known = new ConcurrentHashMap<>();
  private final Ticker ticker;
  private Iterator<Map.Entry<BucketKey, Offence>> turn = known.entrySet().iterator(); // makeRoom()

  Offenders(Ticker ticker) {
    this.ticker = ticker;
  }

  /** What one of them has done; guarded by itself. */
  private static final class Offence {
    long sinceNanos;
    int tooEarly; // in a row
    int times; // shut out so far
    long untilNanos; // of the last time-out
    long toldNanos; // when its bucket lets it pass, as said with the last refusal

    Offence(long nowNanos) {
      sinceNanos = nowNanos;
      untilNanos = nowNanos;
      toldNanos = nowNanos;
    }

    /** What still counts; the most of all when it was shut out and may be again. */
    synchronized int weight(TimeOut rule, long now) {
      return isOver(rule, now) ? 0 : times > 0 ? Integer.MAX_VALUE : tooEarly;
    }

    /** Nothing that counts any more. */
    synchronized boolean isOver(TimeOut rule, long now) {
      long idle = times == 0 ? rule.within().toNanos() : rule.most().toNanos();
      return now - Math.max(sinceNanos, untilNanos) > idle;
    }

    /** Returns how long it is shut out; 0 when it is only refused. */
    synchronized long refused(TimeOut rule, long waitNanos, long now) {
      if (now - untilNanos < 0) {
        return shutNanos(now);
      }
      boolean early = now - toldNanos < 0;
      toldNanos = now + waitNanos;
      if (now - sinceNanos > rule.within().toNanos()) {
        sinceNanos = now;
        tooEarly = 0;
      }
      if (early && ++tooEarly >= rule.after()) {
        long nanos = rule.first().toNanos();
        for (int i = 0; i < times && nanos < rule.most().toNanos(); i++) {
          nanos *= 2;
        }
        times++;
        untilNanos = now + Math.min(nanos, rule.most().toNanos());
        sinceNanos = untilNanos;
        tooEarly = 0;
      }
      return shutNanos(now);
    }

    /** To its end, and on to when its bucket would let it pass, or what is said were not true. */
    synchronized long shutNanos(long now) {
      return now - untilNanos < 0 ? Math.max(untilNanos, toldNanos) - now : 0;
    }
  }

  /** How long a key stays shut out; 0 when it is not. */
  long shutNanos(BucketKey key) {
    if (known.isEmpty()) {
      return 0;
    }
    Offence offence = known.get(key);
    return offence == null ? 0 : offence.shutNanos(ticker.nanos());
  }

  /**
   * A bucket has refused.
   *
   * @param waitNanos until it would let pass, as whoever asked is told
   * @return how long the key is shut out for that; 0 when it is not
   */
  long refused(BucketKey key, long waitNanos, TimeOut rule) {
    long now = ticker.nanos();
    Offence offence = known.get(key);
    if (offence != null && offence.isOver(rule, now)) {
      known.remove(key, offence);
      offence = null;
    }
    if (offence == null) {
      offence = newcomer(key, rule, now);
    }
    return offence == null ? 0 : offence.refused(rule, waitNanos, now);
  }

  private @Nullable Offence newcomer(BucketKey key, TimeOut rule, long now) {
    return known.size() < MOST || makeRoom(rule, now)
        ? known.computeIfAbsent(key.copy(), unknown -> new Offence(now))
        : null;
  }

  /**
   * Of the next few in turn the one goes that has done least, unless all of them have been shut
   * out: a flood of keys that are refused once each makes nobody unknown who goes on.
   */
  private synchronized boolean makeRoom(TimeOut rule, long now) {
    Map.Entry<BucketKey, Offence> least = null;
    int fewest = Integer.MAX_VALUE;
    for (int i = 0; i < SAMPLE; i++) {
      turn = turn.hasNext() ? turn : known.entrySet().iterator();
      Map.Entry<BucketKey, Offence> next = turn.hasNext() ? turn.next() : null;
      int weight = next == null ? Integer.MAX_VALUE : next.getValue().weight(rule, now);
      if (weight < fewest) {
        least = next;
        fewest = weight;
      }
    }
    return least != null && known.remove(least.getKey(), least.getValue());
  }

  void forgive(BucketKey key) {
    known.remove(key);
  }

  int known() {
    return known.size();
  }

  /** Shut out now. */
  int shut() {
    long now = ticker.nanos();
    return (int) known.values().stream().filter(each -> each.shutNanos(now) > 0).count();
  }
}
