package app.avalo.gateway.filter.pin;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.keep.View;

/** The map of one group of services, as requests use it. Safe from every thread; never blocks. */
public interface GroupMap {
  /** The map and the lease on it, as of now. */
  View view();

  /** An epoch was seen that the map did not give; the map will catch up with it. */
  void witness(CellKey key, long epoch);

  /**
   * A user of the group is served.
   *
   * @param home region index
   * @param bits uniformly distributed, always the same for a user
   */
  void met(int home, long bits);

  /** A request ended that the owner's region served. */
  void ended(Owner owner, boolean failed, long nanos);

  /**
   * Has one user moved who may not be served where he is; takes a moment, and asks in vain while
   * the store is away.
   *
   * @param region index
   * @param why for the history
   */
  void move(CellKey user, int region, String why);
}
