package app.avalo.gateway.filter.pin.keep;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * How users fare who moved to a region lately, beside all others of their group: errors, and the
 * time within which 99 of 100 answers begin. Every loop adds; the control loop rolls and asks.
 */
public final class Cohort {
  private static final int FEWEST = 20;
  private static final double MOST_ERRORS = 0.01;
  private static final double SLOWER = 1.5;
  private static final int BUCKETS = 128; // four an octave of microseconds

  private volatile Counts others = new Counts();
  private volatile Map<Integer, Counts> moved = new ConcurrentHashMap<>();
  private Counts othersBefore = new Counts(); // control loop
  private Map<Integer, Counts> movedBefore = Map.of(); // control loop

  /** Requests that ended within one period; the last two members are their numbers. */
  private static final class Counts {
    private static final int ALL = BUCKETS;
    private static final int FAILED = BUCKETS + 1;
    private final AtomicIntegerArray counts = new AtomicIntegerArray(BUCKETS + 2);

    void add(boolean failed, long nanos) {
      counts.incrementAndGet(ALL);
      if (failed) {
        counts.incrementAndGet(FAILED);
      } else {
        counts.incrementAndGet(bucket(nanos));
      }
    }
  }

  /** A request of the group ended. */
  public void ended(int region, boolean lately, boolean failed, long nanos) {
    Counts counts = lately ? moved.computeIfAbsent(region, first -> new Counts()) : others;
    counts.add(failed, nanos);
  }

  /** Forgets what is older than the last roll. */
  public void roll() {
    othersBefore = others;
    others = new Counts();
    movedBefore = moved;
    moved = new ConcurrentHashMap<>();
  }

  /** How those fare who moved to a region in this period or the last. */
  public Outlook.Fare of(int region) {
    Counts now = moved.get(region);
    Counts before = movedBefore.get(region);
    int all = count(now, before, Counts.ALL);
    if (all < FEWEST) {
      return Outlook.Fare.WELL;
    }
    double errors = (double) count(now, before, Counts.FAILED) / all;
    int everybody = count(others, othersBefore, Counts.ALL);
    double usual =
        everybody < FEWEST ? 0 : (double) count(others, othersBefore, Counts.FAILED) / everybody;
    boolean slower =
        everybody >= FEWEST && slowest(now, before) > SLOWER * slowest(others, othersBefore);
    return errors > MOST_ERRORS + usual || slower ? Outlook.Fare.BADLY : Outlook.Fare.WELL;
  }

  private static int count(@Nullable Counts now, @Nullable Counts before, int at) {
    return (now == null ? 0 : now.counts.get(at)) + (before == null ? 0 : before.counts.get(at));
  }

  /** Microseconds below which 99 of 100 are, by the upper bound of their bucket. */
  private static double slowest(@Nullable Counts now, @Nullable Counts before) {
    int all = 0;
    for (int i = 0; i < BUCKETS; i++) {
      all += count(now, before, i);
    }
    int beyond = all / 100;
    for (int i = BUCKETS - 1; i > 0; i--) {
      beyond -= count(now, before, i);
      if (beyond < 0) {
        return Math.pow(2, (i + 1) / 4.0);
      }
    }
    return 1;
  }

  private static int bucket(long nanos) {
    double octaves = Math.log(Math.max(1, nanos / 1000.0)) / Math.log(2);
    return Math.min(BUCKETS - 1, (int) (octaves * 4));
  }
}
