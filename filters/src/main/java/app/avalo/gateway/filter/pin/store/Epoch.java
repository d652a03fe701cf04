package app.avalo.gateway.filter.pin.store;

/**
 * The number of one tenure of a user in a region: {@code counter << 16 | region index}. Two regions
 * can never share one, whatever went wrong, because the region is part of it.
 */
public final class Epoch {
  /** Highest counter; beyond it the number would turn negative. */
  public static final long MAX_COUNTER = (1L << 47) - 1;

  /** Highest region index. */
  public static final int MAX_REGION = 0xFFFF;

  private Epoch() {}

  /** The epoch of a counter, 1 to {@link #MAX_COUNTER}, and a region index. */
  public static long of(long counter, int region) {
    return counter << 16 | region;
  }

  /** How often the user was bound, the first time included. */
  public static long counter(long epoch) {
    return epoch >>> 16;
  }

  /** {@link app.avalo.gateway.config.RegionConfig#index()} of the region. */
  public static int region(long epoch) {
    return (int) (epoch & MAX_REGION);
  }
}
