package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.Band;
import app.avalo.gateway.filter.limit.bucket.Shape;
import io.vertx.redis.client.Response;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The bands of a bucket in the words of the scripts, which all begin and end with them alike. */
record Bands(Shape shape) {
  /** Arguments of a script for one band. */
  static final int EACH = 6;

  /**
   * Adds the last arguments of a script.
   *
   * @param known units that are missing for sure, when the bucket's past may be lost, or null
   */
  void addTo(List<String> arguments, long @Nullable [] known) {
    for (int i = 0; i < shape.bands(); i++) {
      Band band = shape.band(i);
      arguments.add(Long.toString(band.unitsPerToken()));
      arguments.add(Long.toString(band.unitsPerMicro()));
      arguments.add(Long.toString(band.capacityUnits()));
      arguments.add(known == null ? "" : Long.toString(known[i]));
      arguments.add(Long.toString(shape.leftUnits(i)));
      arguments.add(Long.toString(band.periodMicros()));
    }
  }

  /** Units missing by band, of the levels with which an answer ends. */
  long[] missing(Response answer) {
    int first = answer.size() - shape.bands();
    long[] missing = new long[shape.bands()];
    for (int i = 0; i < missing.length; i++) {
      missing[i] = shape.band(i).capacityUnits() - answer.get(first + i).toLong();
    }
    return missing;
  }
}
