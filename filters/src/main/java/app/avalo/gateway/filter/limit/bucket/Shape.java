package app.avalo.gateway.filter.limit.bucket;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.unit.Rate;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a bucket allows, and the arithmetic of its state: a request takes its tokens from every band
 * or from none. The state is a run of longs, the time in microseconds and then for each band how
 * many units are missing. The script in Redis and Bucket4j do the same in their own words; the
 * tests compare them step by step.
 */
public final class Shape {
  private final Band[] bands;
  private final @Nullable Band only; // where there is one
  private final long[] left; // units by band that stay for others; no part of the bucket's identity
  private final boolean leaves;
  private final long microsToFull;
  private final long smallest; // capacity of all bands

  private Shape(Band[] bands, long[] left) {
    this.bands = bands;
    this.only = bands.length == 1 ? bands[0] : null;
    this.left = left;
    this.leaves = Arrays.stream(left).anyMatch(units -> units > 0);
    long longest = 0;
    for (Band band : bands) {
      longest = Math.max(longest, band.microsToFull());
    }
    this.microsToFull = longest;
    this.smallest = Arrays.stream(bands).mapToLong(Band::capacity).min().orElse(0);
  }

  public static Shape of(Allowance allowance) {
    return of(allowance.bandwidths().stream().map(Band::of).toArray(Band[]::new));
  }

  private static Shape of(Band[] bands) {
    return new Shape(bands, new long[bands.length]);
  }

  /**
   * One of so many equal shares of a part of the burst: refilled at a share of the rate, and as
   * deep as its share of the part, but deep enough for one request.
   *
   * @param part of the burst, 0 to 1
   */
  public static Shape share(Allowance allowance, int shares, double part, long cost) {
    Band[] bands =
        allowance.bandwidths().stream()
            .map(
                whole -> {
                  Rate rate = whole.rate();
                  long burst = Math.max(cost, (long) (whole.burst() * part / shares));
                  return new Bandwidth(
                      new Rate(rate.count(), rate.period().multipliedBy(shares)), burst);
                })
            .map(Band::of)
            .toArray(Band[]::new);
    return of(bands);
  }

  /**
   * The same buckets for requests that pass only if a part of each band is left to others.
   *
   * @param percent of each band, but never so much that a full bucket could not pay the cost
   */
  public Shape leaving(int percent, long cost) {
    long[] units = new long[bands.length];
    for (int i = 0; i < units.length; i++) {
      long tokens = Math.min(bands[i].capacity() * percent / 100, bands[i].capacity() - cost);
      units[i] = Math.max(0, tokens) * bands[i].unitsPerToken();
    }
    return new Shape(bands, units);
  }

  /** Units of a band that stay for others. */
  public long leftUnits(int index) {
    return left[index];
  }

  /** Likewise in tokens. */
  long leftTokens(int index) {
    return left[index] / bands[index].unitsPerToken();
  }

  /** Whether anything stays for others. */
  boolean leaves() {
    return leaves;
  }

  /** Nanoseconds until a request can have its tokens and leave the rest, of whole tokens there. */
  long waitToLeave(long[] tokensThere, long tokens) {
    long longest = 0;
    for (int i = 0; i < bands.length; i++) {
      long lacking = leftTokens(i) == 0 ? 0 : tokens + leftTokens(i) - tokensThere[i];
      longest = Math.max(longest, bands[i].micros(lacking * bands[i].unitsPerToken()));
    }
    return 1000 * longest;
  }

  public int bands() {
    return bands.length;
  }

  public Band band(int index) {
    return bands[index];
  }

  /** The most tokens that one request can take. */
  public long most() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < bands.length; i++) {
      least = Math.min(least, bands[i].capacity() - leftTokens(i));
    }
    return least;
  }

  /** Says what missing units mean for a request; after the taking when it was allowed. */
  public void read(long[] missing, long tokens, boolean allowed, Reading reading) {
    read(missing, -1, tokens, allowed, reading);
  }

  /** Whether so many tokens are there in spite of the missing units. */
  public boolean holds(long[] missing, long tokens) {
    for (int i = 0; i < bands.length; i++) {
      if (missingFor(missing, -1, i, tokens) > 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether half of the smallest burst is there in spite of the missing units. */
  public boolean isHalfFull(long[] missing) {
    return holds(missing, smallest / 2);
  }

  /**
   * Whether the tokens are there even if others have taken some since it was known what is missing.
   * At once no more can be taken than the smallest burst; half of that has to be left in every
   * band, and what stays for others anyway. A full bucket spares whatever fits into it.
   *
   * @param reading becomes a refusal until it would, if it does not
   */
  public boolean spares(long[] missing, long tokens, Reading reading) {
    boolean spares = true;
    long longest = 0;
    for (int i = 0; i < bands.length; i++) {
      long unit = bands[i].unitsPerToken();
      long rest = bands[i].capacityUnits() - tokens * unit;
      long least = Math.min(rest, Math.max(left[i], smallest * unit / 2));
      long wait = bands[i].micros(Math.max(missing[i] + least - rest, -rest));
      if (wait > longest) {
        spares = false;
        longest = wait;
        reading.set(false, i, 0, 1000 * wait, 1000 * bands[i].micros(missing[i]));
      }
    }
    return spares;
  }

  /** From empty to full in every band. */
  public long microsToFull() {
    return microsToFull;
  }

  /** Longs of the state of a bucket of so many bands. */
  static int longs(int bands) {
    return 1 + bands;
  }

  /** Missing units so many microseconds later. */
  public long[] later(long[] missing, long micros) {
    long[] left = new long[missing.length];
    for (int i = 0; i < left.length; i++) {
      left[i] = bands[i].missingLater(missing[i], micros);
    }
    return left;
  }

  /** What is missing in a state by then, which stays as it is. */
  void later(long[] state, int at, long nowMicros, long[] missing) {
    long passed = Math.max(0, nowMicros - state[at]);
    for (int i = 0; i < bands.length; i++) {
      missing[i] = bands[i].missingLater(state[at + 1 + i], passed);
    }
  }

  /** Brings a state up to date; a clock that steps back gives nothing and takes nothing. */
  void refill(long[] state, int at, long nowMicros) {
    long passed = nowMicros - state[at];
    if (passed <= 0) {
      return;
    }
    state[at] = nowMicros;
    for (int i = 0; i < bands.length; i++) {
      state[at + 1 + i] = bands[i].missingLater(state[at + 1 + i], passed);
    }
  }

  /** Brings a state up to date, takes the tokens if they are there, and says what it means then. */
  boolean spend(long[] state, int at, long tokens, long nowMicros, Reading reading) {
    if (only != null) {
      return spend(only, state, at, tokens, nowMicros, reading);
    }
    refill(state, at, nowMicros);
    boolean allowed = take(state, at, tokens);
    read(state, at, tokens, allowed, reading);
    return allowed;
  }

  /** The same of one band, without a loop: most buckets have one, and each request asks. */
  private boolean spend(
      Band band, long[] state, int at, long tokens, long nowMicros, Reading reading) {
    long passed = nowMicros - state[at];
    long missing = state[at + 1];
    if (passed > 0) {
      state[at] = nowMicros;
      missing = band.missingLater(missing, passed);
    }
    long cost = tokens * band.unitsPerToken();
    long rest = band.capacityUnits() - missing - (leaves ? left[0] : 0) - cost;
    boolean allowed = rest >= 0;
    missing += allowed ? cost : 0;
    state[at + 1] = missing;
    long open = allowed ? rest : rest + cost;
    reading.set(
        allowed,
        0,
        open <= 0 ? 0 : open / band.unitsPerToken(),
        allowed ? 0 : 1000 * band.micros(-rest),
        1000 * band.micros(missing));
    return allowed;
  }

  /** Takes the tokens if they are in every band of a state that is up to date. */
  boolean take(long[] state, int at, long tokens) {
    for (int i = 0; i < bands.length; i++) {
      if (missingFor(state, at, i, tokens) > 0) {
        return false;
      }
    }
    for (int i = 0; i < bands.length; i++) {
      state[at + 1 + i] += tokens * bands[i].unitsPerToken();
    }
    return true;
  }

  /** Units that a band lacks for so many tokens; 0 or less when they are there. */
  private long missingFor(long[] state, int at, int index, long tokens) {
    return tokens * bands[index].unitsPerToken() - open(state, at, index);
  }

  /** Units that may be taken from a band; below zero when others have taken of what is left. */
  private long open(long[] state, int at, int index) {
    long own = bands[index].capacityUnits() - state[at + 1 + index];
    return leaves ? own - left[index] : own;
  }

  /** Takes the tokens, down to an empty bucket, from a state that is up to date. */
  void charge(long[] state, int at, long tokens) {
    for (int i = 0; i < bands.length; i++) {
      long missing = state[at + 1 + i] + tokens * bands[i].unitsPerToken();
      state[at + 1 + i] = Math.min(bands[i].capacityUnits(), missing);
    }
  }

  void giveBack(long[] state, int at, long tokens) {
    for (int i = 0; i < bands.length; i++) {
      state[at + 1 + i] = Math.max(0, state[at + 1 + i] - tokens * bands[i].unitsPerToken());
    }
  }

  /** Until a state, as of its own time, is full again. */
  long microsToFull(long[] state, int at) {
    long longest = 0;
    for (int i = 0; i < bands.length; i++) {
      longest = Math.max(longest, bands[i].micros(state[at + 1 + i]));
    }
    return longest;
  }

  /** Says what a state means for a request; the state is after the taking when it was allowed. */
  void read(long[] state, int at, long tokens, boolean allowed, Reading reading) {
    int tightest = 0;
    long least = Long.MAX_VALUE;
    long longest = -1;
    for (int i = 0; i < bands.length; i++) {
      Band band = bands[i];
      long wait = allowed ? 0 : band.micros(missingFor(state, at, i, tokens));
      long tokensLeft = open(state, at, i) / band.unitsPerToken();
      if (allowed ? tokensLeft < least : wait > longest) {
        tightest = i;
        least = tokensLeft;
        longest = wait;
      }
    }
    long reset = bands[tightest].micros(state[at + 1 + tightest]);
    reading.set(allowed, tightest, Math.max(0, least), 1000 * longest, 1000 * reset);
  }

  /**
   * Keeps in each band the share to which a state of another shape was full. A band goes on from
   * the one there whose period is nearest, if that has no nearer one here; one that is new starts
   * full.
   */
  void rescale(Shape from, long[] state, int at) {
    long[] before = Arrays.copyOfRange(state, at + 1, at + 1 + from.bands.length);
    for (int i = 0; i < bands.length; i++) {
      int origin = origin(i, from);
      state[at + 1 + i] = origin < 0 ? 0 : bands[i].asFull(from.bands[origin], before[origin]);
    }
  }

  /** Likewise of many states, one after the other. */
  long[] rescaled(Shape from, long[] states) {
    int before = longs(from.bands.length);
    int after = longs(bands.length);
    long[] rescaled = new long[states.length / before * after];
    long[] state = new long[Math.max(before, after)];
    for (int i = 0; i < states.length / before; i++) {
      System.arraycopy(states, i * before, state, 0, before);
      rescale(from, state, 0);
      System.arraycopy(state, 0, rescaled, i * after, after);
    }
    return rescaled;
  }

  /** The band of another shape that one of this goes on from, or -1. */
  int origin(int index, Shape from) {
    int origin = from.nearest(bands[index]);
    return nearest(from.bands[origin]) == index ? origin : -1;
  }

  /** Of two the later, which is the longer; as in the script. */
  private int nearest(Band other) {
    int nearest = 0;
    for (int i = 1; i < bands.length; i++) {
      nearest = bands[i].ratio(other) <= bands[nearest].ratio(other) ? i : nearest;
    }
    return nearest;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Shape shape && Arrays.equals(bands, shape.bands);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bands);
  }

  @Override
  public String toString() {
    return Arrays.toString(bands);
  }
}
