package app.avalo.gateway.edge.answer;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.LimitVerdict;
import io.vertx.core.buffer.Buffer;

/** Writes an error as {@code application/problem+json} (RFC 9457). */
public final class Problem {
  static final String CONTENT_TYPE = "application/problem+json";
  private static final String HEX = "0123456789abcdef";

  private Problem() {}

  /** The error as it is told: names the route where no narrower rule is known. */
  static GatewayError named(Exchange exchange, GatewayError error) {
    return error.rule() != null || !exchange.routed()
        ? error
        : new GatewayError(
            error.kind(), exchange.route().name(), error.detail(), error.retryAfterSeconds());
  }

  public static Buffer of(Exchange exchange, GatewayError error) {
    StringBuilder json = new StringBuilder(256);
    json.append("{\"type\":\"urn:avalo:gateway:").append(error.kind().label());
    json.append("\",\"title\":");
    quote(json, error.kind().title());
    json.append(",\"status\":").append(error.kind().status()).append(",\"detail\":");
    quote(json, error.detail());
    if (error.rule() != null) {
      json.append(",\"rule\":");
      quote(json, error.rule());
      partition(json, exchange, error.rule());
    }
    if (error.level() != null) {
      json.append(",\"level\":");
      quote(json, error.level());
    }
    if (error.retryAfterSeconds() >= 0) {
      json.append(",\"retryAfter\":").append(error.retryAfterSeconds());
    }
    json.append(",\"requestId\":");
    quote(json, exchange.head().id());
    return Buffer.buffer(json.append("}\n").toString());
  }

  /** What has a bucket of its own, if it was a limit that refused. */
  private static void partition(StringBuilder json, Exchange exchange, String rule) {
    for (LimitVerdict verdict : exchange.limits()) {
      if (!verdict.allowed() && verdict.policy().name().equals(rule)) {
        json.append(",\"partition\":");
        quote(json, verdict.policy().partition());
        return;
      }
    }
  }

  /** The problem as an event of {@code text/event-stream}, named by its kind. */
  static Buffer event(Exchange exchange, GatewayError error) {
    return Buffer.buffer("event: " + error.kind().label() + "\ndata: ")
        .appendBuffer(of(exchange, error))
        .appendString("\n");
  }

  private static void quote(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append("\\u00").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
      } else {
        json.append(c);
      }
    }
    json.append('"');
  }
}
