package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import java.util.List;

/** Three regions that are alike, take everybody and serve everybody well. */
public interface CalmOutlook extends Outlook {
  @Override
  default Iterable<Integer> regions() {
    return List.of(0, 1, 2);
  }

  @Override
  default double weight(int region) {
    return 1;
  }

  @Override
  default boolean allowed(int home, int region) {
    return true;
  }

  @Override
  default boolean ready(int region) {
    return true;
  }

  @Override
  default Fare fare(int region) {
    return Fare.WELL;
  }

  @Override
  default int users(CellKey cell) {
    return 1;
  }
}
