package app.avalo.gateway.config.plan;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * The order in which regions are tried for one request, with what each costs: not empty, each
 * region once. Says which order, never whether a region is up. Immutable.
 */
public final class RegionPreference implements Iterable<Region> {
  /** Costs that differ by less than this, or by less than {@link #NEAR_SHARE}, are alike. */
  public static final double NEAR_MILLIS = 5;

  public static final double NEAR_SHARE = 0.1;

  private final Region[] order;
  private final float[] costMillis;
  private final int nearCount;

  private RegionPreference(Region[] order, float[] costMillis, int nearCount) {
    this.order = order;
    this.costMillis = costMillis;
    this.nearCount = nearCount;
  }

  /**
   * The preference in this order, at costs that nobody knows.
   *
   * @throws IllegalArgumentException if it is empty or names a region twice
   */
  public static RegionPreference of(List<Region> order) {
    float[] unknown = new float[order.size()];
    Arrays.fill(unknown, Float.NaN);
    return of(order, unknown);
  }

  /**
   * The preference in this order.
   *
   * @param costMillis of the region at the same position, NaN where unknown; not kept
   * @throws IllegalArgumentException if it is empty or names a region twice
   */
  public static RegionPreference of(List<Region> order, float[] costMillis) {
    if (order.isEmpty()) {
      throw new IllegalArgumentException("no region (expected at least one)");
    }
    if (order.stream().distinct().count() != order.size()) {
      throw new IllegalArgumentException(order + " (expected each region once)");
    }
    if (costMillis.length != order.size()) {
      throw new IllegalArgumentException(costMillis.length + " costs (expected one a region)");
    }
    return new RegionPreference(
        order.toArray(Region[]::new), costMillis.clone(), nearCount(costMillis));
  }

  private static int nearCount(float[] costMillis) {
    double best = Double.POSITIVE_INFINITY;
    for (float cost : costMillis) {
      best = cost < best ? cost : best;
    }
    return Math.max(1, nearEnd(costMillis, 0, best));
  }

  private static int nearEnd(float[] costMillis, int from, double best) {
    double limit = best + Math.max(NEAR_MILLIS, best * NEAR_SHARE);
    int end = from;
    while (end < costMillis.length && costMillis[end] <= limit) {
      end++;
    }
    return end;
  }

  /**
   * The same regions with this one first, and nothing as good as it; unchanged if it is not among
   * them or first already.
   */
  public RegionPreference startingWith(Region first) {
    int at = indexOf(first);
    if (at <= 0) {
      return this;
    }
    Region[] moved = order.clone();
    System.arraycopy(order, 0, moved, 1, at);
    moved[0] = first;
    float[] costs = costMillis.clone();
    System.arraycopy(costMillis, 0, costs, 1, at);
    costs[0] = costMillis[at];
    return new RegionPreference(moved, costs, 1);
  }

  /** The position of a region, or -1. */
  public int indexOf(Region region) {
    for (int i = 0; i < order.length; i++) {
      if (order[i].ordinal() == region.ordinal()) {
        return i;
      }
    }
    return -1;
  }

  public int size() {
    return order.length;
  }

  /** The region at this position, 0 is the best. */
  public Region get(int position) {
    return order[position];
  }

  /**
   * What the region at this position costs, in milliseconds of a round trip; NaN where nobody
   * knows. What a caller loses by the next region is the difference of two.
   */
  public double costMillis(int position) {
    return costMillis[position];
  }

  /**
   * How many regions from the first on cost about what the best does; at least 1. Among these load
   * may decide.
   */
  public int nearCount() {
    return nearCount;
  }

  /**
   * The position after the last region that costs about what the one at this position does, which
   * may be the best of those that are left.
   */
  public int nearEnd(int position) {
    return position < nearCount
        ? nearCount
        : Math.max(position + 1, nearEnd(costMillis, position, costMillis[position]));
  }

  @Override
  public Iterator<Region> iterator() {
    return Arrays.asList(order).iterator();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RegionPreference that
        && nearCount == that.nearCount
        && Arrays.equals(order, that.order)
        && Arrays.equals(costMillis, that.costMillis);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(order) + Arrays.hashCode(costMillis);
  }

  @Override
  public String toString() {
    return Arrays.toString(order);
  }
}
