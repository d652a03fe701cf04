package app.avalo.gateway.filter.latency;

import app.avalo.gateway.filter.time.Ticker;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The one class of cost: expected round trip from a vantage to each region. For a client it says
 * where an SDK should go, for the gateway where it should forward to; both learn the same way. One
 * per process; safe from every thread.
 *
 * <p>The map's guess is stretched by what the ways of a country and of a network there take beyond
 * it, and by what all ways of the caller's own prefix have in common, so that one city helps the
 * next and one way the others; what was measured of a way itself counts most (see RATIONALE.md,
 * "Latency").
 */
public final class LatencyModel {
  /** A sample below this share of what light needs means that the position is wrong. */
  public static final float FLOOR_SHARE = 0.95f;

  /** Stands beside the regions of a prefix for "its position is wrong". */
  private static final int MISPLACED = 1 << 20;

  /** Once is a mistake of somebody's; for so long it counts, as databases of places are mended. */
  private static final int MISPLACED_TIMES = 2;

  private static final int MISPLACED_MINUTES = 7 * 24 * 60;

  /** The most pairs: 12 MiB. */
  private static final long MOST_PAIRS = 1 << 18;

  /** What a prefix adds to all its ways is at most so much, or its inverse. */
  private static final float MOST_STRETCH = 2;

  /** So many ways that are as long as usual are imagined beside those that were measured. */
  private static final float IMAGINED = 0.5f;

  /** The most that a country or a network is believed to add to a way, as a share of it. */
  private static final float MOST_DETOUR = 2;

  private static final int BYTES_A_PAIR = 48;

  private final SampleTable table;
  private final Ticker ticker;
  private final AtomicLong version = new AtomicLong();

  /**
   * A model of so many pairs of caller and region.
   *
   * @param rowBits so that there are {@code 8 << rowBits}
   */
  public LatencyModel(int rowBits, Ticker ticker) {
    this.table = new SampleTable(rowBits);
    this.ticker = ticker;
  }

  /** A model that takes a thirty-second of the heap, at most 12 MiB. */
  public static LatencyModel ofHeap(Ticker ticker) {
    long pairs = Runtime.getRuntime().maxMemory() / 32 / BYTES_A_PAIR;
    long rows = Long.highestOneBit(Math.max(8, Math.min(pairs, MOST_PAIRS))) / SampleTable.DEPTH;
    return new LatencyModel(Math.max(1, Long.numberOfTrailingZeros(rows)), ticker);
  }

  /** What a measurement is worth. */
  public enum Trust {
    /** Reported by somebody who is one of many in its network and country. */
    REPORTED,
    /** Reported, and the network and the country have heard this prefix lately. */
    REPORTED_AGAIN
  }

  /**
   * What one region costs, and how that is known.
   *
   * @param millis expected round trip, NaN when nothing is known
   * @param mapMillis what distance alone says, NaN without a position
   * @param level that had the last word, or null for the map alone
   * @param samples of that level
   */
  public record Estimate(double millis, double mapMillis, @Nullable Level level, int samples) {}

  /** Changes whenever something was learned. */
  public long version() {
    return version.get();
  }

  /** Pairs that hold samples; walks the table. */
  public int pairs() {
    return table.size();
  }

  public int capacity() {
    return table.capacity();
  }

  /** Now, in minutes since 1970: what samples are dated by. */
  int minute() {
    return (int) (ticker.epochMillis() / 60_000);
  }

  SampleTable table() {
    return table;
  }

  void changed() {
    version.incrementAndGet();
  }

  /**
   * Learns a round trip.
   *
   * @param ordinal of the region in the vantage's plan
   * @param millis of the fastest of some tries; finite and not negative
   */
  public void sample(Vantage from, int ordinal, float millis, Trust trust) {
    int minute = minute();
    Vantage.Keys keys = from.keys();
    int index = from.index(ordinal);
    table.add(key(keys.prefix(), index), millis, minute, Level.PREFIX);
    if (trust != Trust.REPORTED_AGAIN && isPlaced(from, minute)) {
      float stretch = stretch(from, minute, new float[from.size()], new long[from.size()]);
      float detour = Math.min(MOST_DETOUR, millis / (from.mapMillis(ordinal) * stretch) - 1);
      if (keys.network() != 0) {
        table.add(key(keys.network(), index), detour, minute, Level.NETWORK);
      }
      if (keys.country() != 0) {
        table.add(key(keys.country(), index), detour, minute, Level.COUNTRY);
      }
    }
    changed();
  }

  /**
   * Notes that a way from this prefix was measured here which is shorter than light allows: where
   * that is no single mistake the position is wrong, and the map no longer counts.
   */
  public void outran(Vantage from) {
    table.add(key(from.keys().prefix(), MISPLACED), 1, minute(), Level.PREFIX);
    changed();
  }

  /** Whether the position of this prefix is known to be wrong. */
  public boolean isMisplaced(Vantage from) {
    return misplaced(from.keys(), minute());
  }

  /** Fills in the round trip that is expected to each region, by ordinal; NaN for unknown. */
  public void estimate(Vantage from, float[] millis) {
    estimate(from, millis, new long[from.size()]);
  }

  /** The same without allocation; also fills in the facts of the caller's own prefix. */
  void estimate(Vantage from, float[] millis, long[] own) {
    int minute = minute();
    if (!isPlaced(from, minute)) {
      for (int i = 0; i < from.size(); i++) {
        own[i] = own(from, i);
        millis[i] = own[i] == 0 ? Float.NaN : SampleTable.quantile(own[i]);
      }
      return;
    }
    float noise = Level.PREFIX.noise(from.vagueMillis());
    float stretch = stretch(from, minute, millis, own);
    for (int i = 0; i < from.size(); i++) {
      millis[i] *= stretch;
      if (own[i] != 0) {
        millis[i] = toward(millis[i], own[i], Level.PREFIX.trust(own[i], minute, noise));
      }
    }
  }

  /**
   * Fills in what ways from there usually take, and tells by which factor those that the caller's
   * own prefix has measured are longer: whatever makes them so, the others have it too.
   */
  private float stretch(Vantage from, int minute, float[] usualMillis, long[] own) {
    float noise = Level.PREFIX.noise(from.vagueMillis());
    float ways = IMAGINED;
    float lengths = IMAGINED;
    for (int i = 0; i < from.size(); i++) {
      usualMillis[i] = from.mapMillis(i) * (1 + detour(from.keys(), from.index(i), minute));
      own[i] = own(from, i);
      if (own[i] != 0) {
        float trust = Level.PREFIX.trust(own[i], minute, noise);
        float ratio = SampleTable.quantile(own[i]) / usualMillis[i];
        lengths += trust * Math.max(1 / MOST_STRETCH, Math.min(MOST_STRETCH, ratio));
        ways += trust;
      }
    }
    return lengths / ways;
  }

  /** What a country and a network add to a way, as a share of what the map says. */
  private float detour(Vantage.Keys keys, int index, int minute) {
    float detour = 0;
    if (keys.country() != 0) {
      long facts = table.facts(key(keys.country(), index));
      detour = facts == 0 ? 0 : toward(0, facts, Level.COUNTRY.trust(facts, minute));
    }
    if (keys.network() != 0) {
      long facts = table.facts(key(keys.network(), index));
      detour = facts == 0 ? detour : toward(detour, facts, Level.NETWORK.trust(facts, minute));
    }
    return detour;
  }

  private static float toward(float mean, long facts, float trust) {
    return mean + trust * (SampleTable.quantile(facts) - mean);
  }

  /** The same for one region, with the reason; allocates. */
  public Estimate explain(Vantage from, int ordinal) {
    float[] millis = new float[from.size()];
    estimate(from, millis);
    Vantage.Keys keys = from.keys();
    int index = from.index(ordinal);
    long own = own(from, ordinal);
    long network = keys.network() == 0 ? 0 : table.facts(key(keys.network(), index));
    long country = keys.country() == 0 ? 0 : table.facts(key(keys.country(), index));
    boolean placed = isPlaced(from, minute());
    Level level = null;
    long facts = 0;
    if (own != 0) {
      level = Level.PREFIX;
      facts = own;
    } else if (placed && network != 0) {
      level = Level.NETWORK;
      facts = network;
    } else if (placed && country != 0) {
      level = Level.COUNTRY;
      facts = country;
    }
    return new Estimate(millis[ordinal], from.mapMillis(ordinal), level, SampleTable.count(facts));
  }

  /** How many samples the caller's own prefix has of this region. */
  public int ownSamples(Vantage from, int ordinal) {
    return SampleTable.count(own(from, ordinal));
  }

  private long own(Vantage from, int ordinal) {
    return table.facts(key(from.keys().prefix(), from.index(ordinal)));
  }

  private boolean isPlaced(Vantage from, int minute) {
    return from.isPlaced() && !misplaced(from.keys(), minute);
  }

  private boolean misplaced(Vantage.Keys keys, int minute) {
    long facts = table.facts(key(keys.prefix(), MISPLACED));
    return SampleTable.count(facts) >= MISPLACED_TIMES
        && minute - SampleTable.minute(facts) < MISPLACED_MINUTES;
  }

  /**
   * One word for a pair; two pairs share one by chance about never, and then they share samples.
   * Finaliser of SplitMix64 (Steele et al., OOPSLA 2014).
   */
  static long key(long whom, int region) {
    long mixed = whom * 0x9e37_79b9_7f4a_7c15L + region;
    mixed = (mixed ^ mixed >>> 30) * 0xbf58_476d_1ce4_e5b9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94d0_49bb_1331_11ebL;
    mixed ^= mixed >>> 31;
    return mixed == 0 ? 1 : mixed;
  }
}
