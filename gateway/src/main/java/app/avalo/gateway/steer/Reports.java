package app.avalo.gateway.steer;

import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.beacon.Beacons;
import app.avalo.gateway.filter.beacon.Beacons.Verdict;
import app.avalo.gateway.filter.beacon.Votes;
import app.avalo.gateway.filter.latency.Vantage;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Times that clients measured, taken in if they can be believed. One per event loop.
 *
 * @param beacons judges them
 * @param votes of this loop
 */
public record Reports(Beacons beacons, Votes votes) {
  /** Judges what an exchange reports of the ways from this vantage. */
  Future<Reply.Local> take(Exchange exchange, Vantage from) {
    if (exchange.explaining()) {
      return Future.succeededFuture(Reply.Local.empty(204));
    }
    return judged(exchange, from)
        .map(verdict -> verdict == Verdict.ACCEPTED ? Reply.Local.empty(204) : refusal(verdict));
  }

  private Future<Verdict> judged(Exchange exchange, Vantage from) {
    String invitation = exchange.query("invitation");
    Map<Region, Float> millis = new HashMap<>();
    for (Region region : exchange.plan().regions()) {
      String sent = exchange.query(region.name());
      Float time = sent == null ? null : number(sent);
      if (sent != null && time == null) {
        return Future.succeededFuture(beacons.malformed());
      }
      if (time != null) {
        millis.put(region, time);
      }
    }
    if (invitation == null) {
      return Future.succeededFuture(beacons.malformed());
    }
    return beacons.report(
        votes,
        exchange.plan().config().pins(),
        from,
        new Beacons.Report(exchange.client(), invitation, millis));
  }

  private static @Nullable Float number(String text) {
    try {
      return text.length() > 16 ? null : Float.valueOf(text);
    } catch (NumberFormatException other) {
      return null;
    }
  }

  private static Reply.Local refusal(Verdict verdict) {
    return switch (verdict) {
      case TOO_OFTEN ->
          Reply.Local.of(new GatewayError(Kind.LIMITED, "beacon", verdict.detail(), 3600));
      case FORGED, REPLAYED, EXPIRED ->
          Reply.Local.of(new GatewayError(Kind.FORBIDDEN, "beacon", verdict.detail(), -1));
      default -> SteerFilter.refused(verdict.detail());
    };
  }
}
