package app.avalo.gateway.filter.limit.bucket;

import app.avalo.gateway.filter.time.Ticker;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.EstimationProbe;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.TokensInheritanceStrategy;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bucket4j buckets for keys that come from the configuration: routes, services, known methods,
 * countries. Their number is bounded by it, so none is ever forgotten.
 */
public final class FewBuckets implements LocalBuckets {
  private final ConcurrentHashMap<BucketKey, Bucket> buckets = new ConcurrentHashMap<>();
  private final TimeMeter meter;

  public FewBuckets(Ticker ticker) {
    // Whole microseconds, as everywhere: Bucket4j would use the nanoseconds between.
    this.meter =
        new TimeMeter() {
          @Override
          public long currentTimeNanos() {
            return Math.floorDiv(ticker.nanos(), 1000L) * 1000;
          }

          @Override
          public boolean isWallClockBased() {
            return false;
          }
        };
  }

  private Bucket bucket(BucketKey key, Shape shape) {
    Bucket known = buckets.get(key);
    if (known == null) {
      known = buckets.computeIfAbsent(key.copy(), unknown -> new Bucket(shape, meter));
    }
    return known.with(shape);
  }

  @Override
  public boolean take(BucketKey key, Shape shape, long tokens, Reading reading) {
    return bucket(key, shape).take(shape, tokens, reading);
  }

  @Override
  public void peek(BucketKey key, Shape shape, long tokens, Reading reading) {
    Bucket known = buckets.get(key);
    (known == null ? new Bucket(shape, meter) : known.with(shape)).peek(shape, tokens, reading);
  }

  @Override
  public void giveBack(BucketKey key, long tokens) {
    Bucket known = buckets.get(key);
    if (known != null) {
      known.bucket.addTokens(tokens);
    }
  }

  @Override
  public void charge(BucketKey key, Shape shape, long tokens) {
    bucket(key, shape).bucket.tryConsumeAsMuchAsPossible(tokens);
  }

  @Override
  public void reset(BucketKey key) {
    Bucket known = buckets.get(key);
    if (known != null) {
      known.bucket.reset();
    }
  }

  @Override
  public long size() {
    return buckets.size();
  }

  /** One bucket and the shape it has now; safe from every thread. */
  private static final class Bucket {
    final io.github.bucket4j.Bucket bucket;
    volatile Shape shape;
    private String[] ids = {}; // by band; guarded by this
    private int lastId; // likewise

    Bucket(Shape shape, TimeMeter meter) {
      this.shape = shape;
      var builder = io.github.bucket4j.Bucket.builder();
      for (Bandwidth limit : limits(shape, shape)) {
        builder.addLimit(limit);
      }
      this.bucket = builder.withCustomTimePrecision(meter).build();
    }

    /** Those of a shape; each has the name of the one before that it goes on from. */
    private Bandwidth[] limits(Shape next, Shape before) {
      String[] names = new String[next.bands()];
      Bandwidth[] limits = new Bandwidth[names.length];
      for (int i = 0; i < names.length; i++) {
        int origin = next.origin(i, before);
        names[i] = ids.length == 0 || origin < 0 ? "" + ++lastId : ids[origin];
        limits[i] = next.band(i).bucket4j(names[i]);
      }
      ids = names;
      return limits;
    }

    /** Follows a reload. */
    Bucket with(Shape asked) {
      if (asked != shape && !asked.equals(shape)) {
        synchronized (this) {
          if (!asked.equals(shape)) {
            var next = BucketConfiguration.builder();
            for (Bandwidth limit : limits(asked, shape)) {
              next.addLimit(limit);
            }
            bucket.replaceConfiguration(next.build(), TokensInheritanceStrategy.PROPORTIONALLY);
            shape = asked;
          }
        }
      }
      return this;
    }

    boolean take(Shape asked, long tokens, Reading reading) {
      if (asked.leaves()) {
        // Not one step with the taking: of what is left each event loop may take one request's.
        peek(asked, tokens, reading);
        if (!reading.allowed()) {
          return false;
        }
      }
      var verbose = bucket.asVerbose().tryConsumeAndReturnRemaining(tokens);
      ConsumptionProbe probe = verbose.getValue();
      long[] left = verbose.getDiagnostics().getAvailableTokensPerEachBandwidth();
      long wait = probe.isConsumed() ? 0 : rounded(probe.getNanosToWaitForRefill());
      read(asked, wait, tokens, left, reading);
      return probe.isConsumed();
    }

    void peek(Shape asked, long tokens, Reading reading) {
      var verbose = bucket.asVerbose().estimateAbilityToConsume(tokens);
      EstimationProbe probe = verbose.getValue();
      long[] left = verbose.getDiagnostics().getAvailableTokensPerEachBandwidth();
      long wait = probe.canBeConsumed() ? 0 : rounded(probe.getNanosToWaitForRefill());
      read(asked, Math.max(wait, asked.waitToLeave(left, tokens)), tokens, left, reading);
    }

    /** Bucket4j rounds down; at the next microsecond after it the token is there for sure. */
    private static long rounded(long nanos) {
      return nanos / 1000 * 1000 + 1000;
    }

    /** Bucket4j tells whole tokens only, so what names the band is exact to a token. */
    private static void read(Shape shape, long wait, long tokens, long[] left, Reading reading) {
      int tightest = 0;
      long least = Long.MAX_VALUE;
      long longest = -1;
      for (int i = 0; i < left.length; i++) {
        Band band = shape.band(i);
        long open = left[i] - shape.leftTokens(i);
        long lacks = band.micros((tokens - open) * band.unitsPerToken());
        if (wait == 0 ? open < least : lacks > longest) {
          tightest = i;
          least = open;
          longest = lacks;
        }
      }
      Band band = shape.band(tightest);
      long reset = 1000 * band.micros((band.capacity() - left[tightest]) * band.unitsPerToken());
      reading.set(wait == 0, tightest, Math.max(0, least), wait, reset);
    }
  }
}
