package app.avalo.gateway.filter.latency;

import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One decision at a time: the allowed regions by cost, the present one kept while it is about as
 * good. Reuses its arrays, so one thread.
 */
public final class Ranking {
  /** A change of cost below this is not worth a new preference. */
  private static final float SAME_MILLIS = 1;

  /** So many samples of both ways halve what the globe has to say. */
  private static final float HALVING = 3;

  private final LatencyModel model;
  private final float[] cost = new float[Long.SIZE];
  private final long[] own = new long[Long.SIZE];
  private final int[] order = new int[Long.SIZE];
  private int size;

  public Ranking(LatencyModel model) {
    this.model = model;
  }

  /**
   * How much better another region has to be before a caller is moved there.
   *
   * @param millis at least so much
   * @param share and so much of the best one's cost
   */
  public record Margin(float millis, float share) {
    /** For requests that stand alone: the width of the near set. */
    public static final Margin PLAIN =
        new Margin((float) RegionPreference.NEAR_MILLIS, (float) RegionPreference.NEAR_SHARE);

    /** For the first home of a session that will stay there. */
    public static final Margin PINNED = new Margin(10, 0.15f);

    /** For callers without a region so far, of whose ways nothing was measured. */
    static final Margin NEAREST = new Margin(2, 0.02f);
  }

  /**
   * Decides.
   *
   * @param allowed bit per ordinal
   * @param fallback position of each ordinal in the static order; decides between equals
   * @param present ordinal of the region used so far, or -1
   * @return this
   */
  public Ranking rank(Vantage from, long allowed, int[] fallback, int present, Margin margin) {
    model.estimate(from, cost, own);
    size = 0;
    for (long rest = allowed; rest != 0; rest &= rest - 1) {
      insert(Long.numberOfTrailingZeros(rest), fallback);
    }
    if (present >= 0 && (allowed >>> present & 1) != 0) {
      keep(present, margin, 1);
    } else if (size > 1) {
      begin(from);
    }
    return this;
  }

  /**
   * Who has no region so far begins with the nearest on the globe if it is about as good; the more
   * was measured of both, the less the globe has to say.
   */
  private void begin(Vantage from) {
    int nearest = nearest(from);
    if (nearest != order[0]) {
      int known = Math.min(SampleTable.count(own[nearest]), SampleTable.count(own[order[0]]));
      keep(nearest, Margin.NEAREST, HALVING / (HALVING + known));
    }
  }

  private int nearest(Vantage from) {
    int nearest = order[0];
    for (int i = 1; i < size; i++) {
      nearest = from.mapMillis(order[i]) < from.mapMillis(nearest) ? order[i] : nearest;
    }
    return nearest;
  }

  private void insert(int ordinal, int[] fallback) {
    int at = size++;
    while (at > 0 && before(ordinal, order[at - 1], fallback)) {
      order[at] = order[at - 1];
      at--;
    }
    order[at] = ordinal;
  }

  private boolean before(int one, int other, int[] fallback) {
    int compared = Float.compare(cost[one], cost[other]); // NaN is last
    return compared < 0 || compared == 0 && fallback[one] < fallback[other];
  }

  private void keep(int present, Margin margin, float share) {
    float best = cost[order[0]];
    if (cost[present] - best <= share * Math.max(margin.millis(), margin.share() * best)) {
      int at = 0;
      while (order[at] != present) {
        at++;
      }
      System.arraycopy(order, 0, order, 1, at);
      order[0] = present;
    }
  }

  public int size() {
    return size;
  }

  /** Ordinal of the region at this position, 0 is to be tried first. */
  public int get(int position) {
    return order[position];
  }

  /** What the region at this position costs, NaN when nobody knows. */
  public float costMillis(int position) {
    return cost[order[position]];
  }

  /** The preference that this ranking gives: the one before, where it still says the same. */
  public @Nullable RegionPreference preference(
      List<Region> regions, @Nullable RegionPreference before) {
    if (size == 0) {
      return null;
    }
    if (before != null && says(before)) {
      return before;
    }
    List<Region> ordered = new ArrayList<>(size);
    float[] costs = new float[size];
    for (int i = 0; i < size; i++) {
      ordered.add(regions.get(order[i]));
      costs[i] = costMillis(i);
    }
    return RegionPreference.of(ordered, costs);
  }

  private boolean says(RegionPreference before) {
    if (before.size() != size) {
      return false;
    }
    for (int i = 0; i < size; i++) {
      boolean unknown = Float.isNaN(costMillis(i));
      if (before.get(i).ordinal() != order[i]
          || unknown != Double.isNaN(before.costMillis(i))
          || Math.abs(before.costMillis(i) - costMillis(i)) >= SAME_MILLIS) {
        return false;
      }
    }
    return true;
  }

  /** Why a region costs what it does, see {@link LatencyModel#explain}. */
  public LatencyModel.Estimate explain(Vantage from, int ordinal) {
    return model.explain(from, ordinal);
  }
}
