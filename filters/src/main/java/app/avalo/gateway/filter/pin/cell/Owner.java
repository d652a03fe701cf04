package app.avalo.gateway.filter.pin.cell;

import app.avalo.gateway.filter.pin.store.Epoch;

/**
 * Where a cell is.
 *
 * @param epoch number of its tenure there, see {@link Epoch}
 * @param changed version of the map that brought this line
 * @param to region index it is about to move to; until then it takes no writes. {@link #STAYS}
 *     otherwise
 */
public record Owner(long epoch, long changed, int to) {
  public static final int STAYS = -1;

  /** The counter of cells that never moved, below that of any commit. */
  public static final long FLOOR = 1;

  /** The owner of a cell that never moved. */
  static Owner first(int home) {
    return new Owner(Epoch.of(FLOOR, home), 0, STAYS);
  }

  /** Region index. */
  public int region() {
    return Epoch.region(epoch);
  }

  public boolean moving() {
    return to != STAYS;
  }

  /** About to move; takes no writes from now on. */
  public Owner closed(int to, long version) {
    return new Owner(epoch, version, to);
  }

  /** Moved by the commit of a version. */
  public static Owner moved(int region, long version) {
    return new Owner(Epoch.of(version, region), version, STAYS);
  }

  String text() {
    return epoch + "|" + changed + "|" + to;
  }

  static Owner parse(String text) {
    String[] parts = text.split("\\|", 3);
    return new Owner(
        Long.parseLong(parts[0]), Long.parseLong(parts[1]), Integer.parseInt(parts[2]));
  }
}
