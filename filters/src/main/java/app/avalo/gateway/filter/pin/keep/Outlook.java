package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import java.util.Set;

/** What a gateway itself sees of the regions. Read by the keeper on its loop. */
public interface Outlook {
  /** Indexes of the regions that have the group's services, in ascending order. */
  Iterable<Integer> regions();

  /** Share of the group's load that a region can carry; above zero. */
  double weight(int region);

  /** Whether users of this home may be served there. */
  boolean allowed(int home, int region);

  /** Regions that look dead from here; those of {@link #convicts} included. */
  Set<Integer> suspects();

  /** Regions found dead from here. */
  Set<Integer> convicts();

  /** Whether a region answers and asks to be left. */
  default boolean leaving(int region) {
    return false;
  }

  /** Whether the services of a region say that they can take more users. */
  boolean ready(int region);

  /** How users fare who lately moved to a region. */
  Fare fare(int region);

  /** About how many users a cell has; at least 1. */
  int users(CellKey cell);

  /** How a cohort fares. */
  enum Fare {
    WELL,
    /** More errors, or slower, than before. */
    BADLY
  }
}
