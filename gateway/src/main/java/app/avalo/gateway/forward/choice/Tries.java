package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.ServiceConfig.Retry;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.forward.body.RequestBody;
import java.util.Objects;

/**
 * What one exchange has tried, and whether it may try again. A request of which nothing was sent
 * may always move on; one that was sent only if its method may be repeated and its body is still
 * here. Every further attempt is paid for by the service's retry budget.
 */
public final class Tries {
  /** Of one exchange at all, however harmless each of them ended. */
  private static final int MOST = 8;

  private final Exchange exchange;
  private final Destinations destinations;
  private final RequestBody body;
  private long tried;
  private int sent;

  public Tries(Exchange exchange, Destinations destinations, RequestBody body) {
    this.exchange = exchange;
    this.destinations = destinations;
    this.body = body;
  }

  /** The request went onto a connection. */
  public void sent() {
    sent++;
  }

  /** Bit per region ordinal that is not to be tried again. */
  long tried() {
    return tried;
  }

  /** Whether the request, sent before, may be sent once more. */
  public boolean mayRepeat() {
    return sent < retry().attempts()
        && body.isRepeatable()
        && retry().methods().contains(exchange.method());
  }

  /**
   * Nanoseconds from sending the request to the head of its answer, 0 when only the exchange's own
   * deadline holds. Who has not got the whole request is not late with the answer.
   */
  public long patienceNanos() {
    return mayRepeat() && body.isComplete()
        ? exchange.route().config().timeouts().attempt().toNanos()
        : 0;
  }

  /** Whether an attempt whose connection was dead may have another connection. */
  public boolean mayReplace(boolean wasSent) {
    return (!wasSent || mayRepeat()) && exchange.attempts() < MOST;
  }

  /** Whether another attempt may follow one at this destination; takes it from the budget. */
  public boolean canMoveOn(Destination from, boolean wasSent, long nowNanos) {
    if (wasSent && !mayRepeat()) {
      return false;
    }
    if (exchange.attempts() >= Math.max(retry().attempts(), destinations.plan().regions().size())) {
      return false;
    }
    return (exchange.pin() != null || hasOther(from))
        && destinations
            .retries(Objects.requireNonNull(exchange.target()).service())
            .spend(nowNanos);
  }

  private boolean hasOther(Destination from) {
    long next = tried | RegionChoice.bit(from.region().ordinal());
    return from.members().length > 1 || RegionChoice.hasOther(exchange, destinations, next);
  }

  /** Moves on; a region is tried again only when there is no other. */
  public void leave(Destination from) {
    if (exchange.pin() == null) {
      tried |= RegionChoice.bit(from.region().ordinal());
      if (!RegionChoice.hasOther(exchange, destinations, tried)) {
        tried = 0;
      }
    }
  }

  private Retry retry() {
    return exchange.route().config().retry();
  }
}
