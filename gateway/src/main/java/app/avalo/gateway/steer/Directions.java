package app.avalo.gateway.steer;

import app.avalo.gateway.filter.geo.RoutingAdvice.Choice;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.Vantage;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * What else a client is told about its ways.
 *
 * @param model knows them
 * @param from the client
 * @param viaMillis what each region costs through this gateway, by ordinal; null for unknown
 * @param pinToken what it shows where it goes by itself, or null
 */
record Directions(
    LatencyModel model, Vantage from, float @Nullable [] viaMillis, @Nullable String pinToken) {
  /** A direct way is worth a change of address if it saves both of these (algorithms 1.3). */
  private static final double WORTH_MILLIS = 20;

  private static final double WORTH_SHARE = 0.2;

  /** Adds whether the client should go to this region directly, where both ways are known. */
  void tell(JsonObject primary, Choice choice) {
    double via = viaMillis == null ? Double.NaN : viaMillis[choice.region().ordinal()];
    double saves = via - choice.expectedMillis();
    if (!Double.isNaN(saves)) {
      primary
          .put("viaGatewayMillis", Recommendation.rounded(via))
          .put("goDirect", saves > Math.max(WORTH_MILLIS, WORTH_SHARE * via));
    }
  }
}
