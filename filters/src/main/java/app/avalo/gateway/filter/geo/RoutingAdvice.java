package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.latency.LatencyModel;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Every region judged for one caller of one service: the answer to a live request, to {@code
 * explain} and to an operator's {@code getRouting} alike.
 *
 * @param place of the caller
 * @param service asked for
 * @param choices all regions of the plan: the allowed ones in the order to try, then the others
 * @param preference the allowed ones, or null when there is none
 */
public record RoutingAdvice(
    Place place, Service service, List<Choice> choices, @Nullable RegionPreference preference) {

  /** Whether a region may serve the caller. */
  public enum Verdict {
    ALLOWED,
    /** The service has no endpoint there. */
    ABSENT,
    /** A data rule of the caller's country keeps it out. */
    RESIDENCY
  }

  /**
   * One region and the reason for its position.
   *
   * @param region judged
   * @param verdict whether it may serve
   * @param missingTag residency tag it lacks, or null
   * @param km distance along the great circle, NaN without a position
   * @param estimate what it costs, and how that is known
   */
  public record Choice(
      Region region,
      Verdict verdict,
      @Nullable String missingTag,
      double km,
      LatencyModel.Estimate estimate) {

    /** Expected round trip, NaN when nothing is known. */
    public double expectedMillis() {
      return estimate.millis();
    }

    /** The reason in words. */
    public String reason() {
      return switch (verdict) {
        case ABSENT -> "absent";
        case RESIDENCY -> "residency " + missingTag + " missing";
        case ALLOWED -> allowed();
      };
    }

    private String allowed() {
      double map = estimate.mapMillis();
      if (Double.isNaN(estimate.millis())) {
        return "position unknown, static order";
      }
      StringBuilder reason = new StringBuilder(text("expected %.0f ms", estimate.millis()));
      if (!Double.isNaN(km)) {
        reason.append(text(" over %.0f km", km));
      }
      if (estimate.level() != null) {
        reason.append(text(" by %d samples of the %s", estimate.samples(), estimate.level()));
      }
      if (Math.abs(estimate.millis() - map) >= 1) {
        reason.append(text(", %.0f ms by distance", map));
      }
      return reason.toString();
    }

    private static String text(String format, Object... values) {
      return String.format(Locale.ROOT, format, values);
    }
  }

  /** What the client is told when no region may serve it. */
  public GatewayError refusal() {
    String tag = null;
    for (Choice choice : choices) {
      tag = tag == null ? choice.missingTag() : tag;
    }
    return new GatewayError(
        GatewayError.Kind.RESIDENCY,
        tag,
        "No region of " + service.name() + " meets the data rules of " + place.country() + ".",
        -1);
  }
}
