package app.avalo.gateway.observe;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.Next;

/**
 * Counts every exchange once, when it is over, also one that no route matched. Outermost, so that
 * it sees what all others did. One per event loop.
 */
public final class MetricsFilter implements Filter {
  private final LoopMetrics loop;

  /** A filter for one more event loop. */
  public MetricsFilter(RequestMetrics metrics) {
    this.loop = metrics.loop();
  }

  @Override
  public void request(Exchange exchange, Next next) {
    next.proceed(exchange);
  }

  @Override
  public void end(Exchange exchange) {
    if (!exchange.explaining()) {
      loop.record(exchange);
    }
  }
}
