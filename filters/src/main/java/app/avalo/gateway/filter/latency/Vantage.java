package app.avalo.gateway.filter.latency;

import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;

/**
 * Who asks what the regions of one plan cost: the keys under which is learned of it, and what the
 * map says. Made once per caller. Immutable.
 */
public final class Vantage {
  private static final long PREFIX_V4 = 1L << 56;
  private static final long PREFIX_V6 = 2L << 56;
  private static final long NETWORK = 3L << 56;
  private static final long COUNTRY = 4L << 56;
  private static final long GATEWAY = 5L << 56;

  private final Keys keys;
  private final int[] indices; // of the regions, by ordinal: their names in all plans and replicas
  private final float[] mapMillis; // by ordinal, NaN without a position
  private final float[] floorMillis;
  private final float vagueMillis;

  /**
   * What is learned under which name; 0 for a level that does not apply.
   *
   * @param prefix of the client's address, or the gateway
   * @param network within the country
   * @param country of the client
   */
  record Keys(long prefix, long network, long country) {}

  Vantage(RegionMap map, Keys keys, Place place) {
    this.keys = keys;
    int size = map.regions().size();
    indices = new int[size];
    mapMillis = new float[size];
    floorMillis = new float[size];
    double radius = Math.max(0, place.radiusKm());
    for (Region region : map.regions()) {
      double km = map.km(place, region);
      indices[region.ordinal()] = region.config().index();
      mapMillis[region.ordinal()] = (float) RegionMap.expectedMillis(km);
      floorMillis[region.ordinal()] = (float) RegionMap.floorMillis(Math.max(0, km - radius));
    }
    vagueMillis = (float) RegionMap.errorMillis(radius);
  }

  static Keys keys(IpAddress address, Place place) {
    long prefix =
        address.isV4()
            ? PREFIX_V4 | address.low() >>> 8 & 0xff_ffff
            : PREFIX_V6 | address.high() >>> 16;
    String name = place.country();
    long country = name == null ? 0 : name.charAt(0) << 8 | name.charAt(1);
    long network = place.network() & 0xffff_ffffL;
    return new Keys(
        prefix,
        network == 0 || country == 0 ? 0 : NETWORK | network << 16 | country,
        country == 0 ? 0 : COUNTRY | country);
  }

  static Keys keys(int hereIndex) {
    return new Keys(GATEWAY | hereIndex, 0, 0);
  }

  Keys keys() {
    return keys;
  }

  /** Names the /24 or /48 that the client is in, together with a region. */
  public long pair(int ordinal) {
    return LatencyModel.key(keys.prefix(), indices[ordinal]);
  }

  int index(int ordinal) {
    return indices[ordinal];
  }

  int size() {
    return mapMillis.length;
  }

  /** Whether the map says anything about it. */
  boolean isPlaced() {
    return !Float.isNaN(mapMillis[0]);
  }

  /** Round trip by distance alone, NaN without a position. */
  public float mapMillis(int ordinal) {
    return mapMillis[ordinal];
  }

  /** Kilometres along the great circle, NaN without a position. */
  public double km(int ordinal) {
    return RegionMap.km(mapMillis[ordinal]);
  }

  /**
   * No round trip is shorter, unless the position is wrong; NaN without one. Takes the nearest
   * point that the position's accuracy allows.
   */
  public float floorMillis(int ordinal) {
    return floorMillis[ordinal];
  }

  /** What the vagueness of the position makes of an error in time. */
  float vagueMillis() {
    return vagueMillis;
  }
}
