package app.avalo.gateway.edge.answer;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Reply;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;

/** What routes without a service answer. */
public final class FixedAnswers {
  private FixedAnswers() {}

  public static Reply.Local of(Exchange exchange) {
    RouteConfig.Action action = exchange.route().config().action();
    if (action instanceof RouteConfig.Redirect redirect) {
      MultiMap headers = HttpHeaders.headers();
      headers.set(HttpHeaders.LOCATION, location(exchange, redirect.to()));
      return new Reply.Local(redirect.status(), headers, Buffer.buffer(), null);
    }
    RouteConfig.Respond respond = (RouteConfig.Respond) action;
    MultiMap headers = HttpHeaders.headers();
    headers.set(HttpHeaders.CONTENT_TYPE, respond.contentType());
    return new Reply.Local(respond.status(), headers, Buffer.buffer(respond.body()), null);
  }

  private static String location(Exchange exchange, String to) {
    String query = exchange.head().queryString();
    return to.replace("{path}", exchange.path())
        .replace("{query}", query == null ? "" : "?" + query)
        .replace("{host}", exchange.host());
  }
}
