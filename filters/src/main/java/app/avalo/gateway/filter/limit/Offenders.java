package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.TimeOut;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.time.Ticker;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Who was refused by one policy and went on: after some refusals they are shut out for a time that
 * doubles. At most {@value #MOST} are known at once; for one more somebody has to go who was never
 * shut out, else it is limited only. Safe from every thread.
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
    int refusals;
    int times; // shut out so far
    long untilNanos; // of the last time-out

    Offence(long nowNanos) {
      sinceNanos = nowNanos;
      untilNanos = nowNanos;
    }

    /** Refusals that still count; the most of all when it was shut out and may be again. */
    synchronized int weight(TimeOut rule, long now) {
      return isOver(rule, now) ? 0 : times > 0 ? Integer.MAX_VALUE : refusals;
    }

    /** Nothing that counts any more. */
    synchronized boolean isOver(TimeOut rule, long now) {
      long idle = times == 0 ? rule.within().toNanos() : rule.most().toNanos();
      return now - Math.max(sinceNanos, untilNanos) > idle;
    }

    synchronized void refused(TimeOut rule, long now) {
      if (now - untilNanos < 0) {
        return;
      }
      if (now - sinceNanos > rule.within().toNanos()) {
        sinceNanos = now;
        refusals = 0;
      }
      if (++refusals >= rule.after()) {
        long nanos = rule.first().toNanos();
        for (int i = 0; i < times && nanos < rule.most().toNanos(); i++) {
          nanos *= 2;
        }
        times++;
        untilNanos = now + Math.min(nanos, rule.most().toNanos());
        sinceNanos = untilNanos;
        refusals = 0;
      }
    }

    synchronized long shutNanos(long now) {
      return Math.max(0, untilNanos - now);
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

  /** A bucket has refused. */
  void refused(BucketKey key, TimeOut rule) {
    long now = ticker.nanos();
    Offence offence = known.get(key);
    if (offence != null && offence.isOver(rule, now)) {
      known.remove(key, offence);
      offence = null;
    }
    if (offence == null) {
      offence = newcomer(key, rule, now);
    }
    if (offence != null) {
      offence.refused(rule, now);
    }
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
