package app.avalo.gateway.config.plan;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * The order in which regions are tried for one request: not empty, each region once. Says which
 * order, never whether a region is up.
 */
public final class RegionPreference implements Iterable<Region> {
  private final Region[] order;

  private RegionPreference(Region[] order) {
    this.order = order;
  }

  /**
   * The preference in this order.
   *
   * @throws IllegalArgumentException if it is empty or names a region twice
   */
  public static RegionPreference of(List<Region> order) {
    if (order.isEmpty()) {
      throw new IllegalArgumentException("no region (expected at least one)");
    }
    if (order.stream().distinct().count() != order.size()) {
      throw new IllegalArgumentException(order + " (expected each region once)");
    }
    return new RegionPreference(order.toArray(Region[]::new));
  }

  /** The same regions with this one first; unchanged if it is not among them. */
  public RegionPreference startingWith(Region first) {
    int at = indexOf(first);
    if (at <= 0) {
      return this;
    }
    Region[] moved = order.clone();
    System.arraycopy(order, 0, moved, 1, at);
    moved[0] = first;
    return new RegionPreference(moved);
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

  @Override
  public Iterator<Region> iterator() {
    return Arrays.asList(order).iterator();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RegionPreference that && Arrays.equals(order, that.order);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(order);
  }

  @Override
  public String toString() {
    return Arrays.toString(order);
  }
}
