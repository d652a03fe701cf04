package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.PlacingConfig.Range;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The address blocks whose place operators know; the longest prefix wins. Immutable. */
final class PlaceRanges {
  private final Range[] longestFirst;
  private final Place[] places;

  PlaceRanges(List<Range> ranges) {
    List<Range> useful = new ArrayList<>(ranges);
    useful.removeIf(range -> place(range) == Place.UNKNOWN);
    useful.sort(Comparator.comparingInt((Range range) -> range.block().bits()).reversed());
    longestFirst = useful.toArray(Range[]::new);
    places = new Place[longestFirst.length];
    for (int i = 0; i < places.length; i++) {
      places[i] = place(longestFirst[i]);
    }
  }

  private static Place place(Range range) {
    return Countries.place(
        range.country(), range.latitude(), range.longitude(), Place.Source.RANGE);
  }

  /** The place of the longest block around an address, or null. Linear: callers cache. */
  @Nullable Place find(IpAddress address) {
    for (int i = 0; i < longestFirst.length; i++) {
      if (longestFirst[i].block().contains(address)) {
        return places[i];
      }
    }
    return null;
  }
}
