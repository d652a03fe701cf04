package app.avalo.gateway.websocket;

import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The money for what flows through a tunnel, held before it does. Once it ends, the frame under way
 * may still come to its end, as long as that is neither far nor dear.
 */
final class Fare {
  /** How much of a frame may still come once money ended, if it costs that little. */
  private static final int MOST_BEYOND = 64 * 1024;

  private final Exchange exchange;
  private final @Nullable BudgetHold hold; // null: nobody pays
  private final Ticker ticker;
  private final Runnable asked;
  private boolean waiting;
  private @Nullable GatewayError why;
  private long beyond;

  /**
   * The fare of a tunnel.
   *
   * @param asked run when more money has come or is known not to come, to ask again
   */
  Fare(Exchange exchange, Ticker ticker, Runnable asked) {
    this.exchange = exchange;
    this.hold = exchange.budget();
    this.ticker = ticker;
    this.asked = asked;
  }

  /** Whether so many bytes of the client, or time, are paid for; otherwise they must not pass. */
  boolean paysUp(int bytes) {
    return hold == null || isOpen() && answered(hold, hold.take(exchange, bytes, ticker.nanos()));
  }

  /** Likewise of the service. */
  boolean paysDown(int bytes) {
    return hold == null || isOpen() && answered(hold, hold.meter(exchange, bytes, ticker.nanos()));
  }

  private boolean isOpen() {
    return !waiting && why == null;
  }

  private boolean answered(BudgetHold of, @Nullable GatewayError refused) {
    waiting = refused != null && of.awaits(this::asked);
    why = waiting ? null : refused;
    return refused == null;
  }

  private void asked() {
    waiting = false;
    asked.run();
  }

  /** Whether more money is under way, and nothing may pass until it has come. */
  boolean isWaiting() {
    return waiting;
  }

  /** Why nothing more is paid, or null. */
  @Nullable GatewayError why() {
    return why;
  }

  /** Whether so many bytes more may still end the frame under way. */
  boolean ends(int bytes) {
    beyond += bytes;
    return hold == null || beyond <= Math.min(MOST_BEYOND, hold.sliceBytes());
  }

  /** How long a tunnel may take to close: once money ended no longer than a slice lasts. */
  Duration grace(Duration most) {
    return hold == null || why == null
        ? most
        : Duration.ofNanos(Math.min(most.toNanos(), hold.sliceNanos()));
  }

  /** When to ask at the latest if nothing flows. */
  long nextNanos(long nowNanos, long most) {
    return hold == null || why != null ? most : Math.min(most, hold.nextNanos(exchange, nowNanos));
  }
}
