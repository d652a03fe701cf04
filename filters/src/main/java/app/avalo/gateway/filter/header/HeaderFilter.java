package app.avalo.gateway.filter.header;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.PerRoute;
import app.avalo.gateway.filter.Reply;

/**
 * Edits the headers that go upstream and those of every answer, local ones included: removes, sets,
 * adds, in this order. Values are literal. What a route says of caching is meant for what it
 * serves, so the caching fields of errors (status 400 and up) are left alone.
 */
public final class HeaderFilter implements Filter {
  private final PerRoute<Edits> up =
      new PerRoute<>(route -> Edits.of(route.config().requestHeaders()));
  private final PerRoute<Edits> down =
      new PerRoute<>(route -> Edits.of(route.config().responseHeaders()));
  private final PerRoute<Edits> downErrors =
      new PerRoute<>(route -> Edits.exceptCaching(route.config().responseHeaders()));

  @Override
  public void request(Exchange exchange, Next next) {
    up.of(exchange).apply(exchange.head().headers());
    next.proceed(exchange);
  }

  @Override
  public void response(Exchange exchange, Reply reply) {
    if (exchange.routed()) {
      (reply.status() < 400 ? down : downErrors).of(exchange).apply(reply.headers());
    }
  }
}
