package app.avalo.gateway.forward.body;

import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.time.Ticker;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Holds the money for a body that did not say how long it is, before each piece goes on. */
final class Toll {
  private final Exchange exchange;
  private final BudgetHold hold;
  private final Ticker ticker;
  private final Consumer<GatewayError> refused;
  private boolean waiting;
  private boolean over;

  private Toll(Exchange exchange, BudgetHold hold, Ticker ticker, Consumer<GatewayError> refused) {
    this.exchange = exchange;
    this.hold = hold;
    this.ticker = ticker;
    this.refused = refused;
  }

  /**
   * The toll of a body, or null when it said how long it is, or no budget pays for what flows.
   *
   * @param length below zero when unknown
   * @param refused told once why nothing more may go on
   */
  static @Nullable Toll of(
      Exchange exchange, long length, Ticker ticker, Consumer<GatewayError> refused) {
    BudgetHold hold = length < 0 ? exchange.budget() : null;
    return hold == null || !hold.flows() ? null : new Toll(exchange, hold, ticker, refused);
  }

  /**
   * Whether a piece may go on.
   *
   * @param again run when it is to be asked anew, if {@link #isWaiting}
   */
  boolean takes(int bytes, Runnable again) {
    if (over) {
      return false;
    }
    GatewayError why = hold.take(exchange, bytes, ticker.nanos());
    waiting = why != null && hold.awaits(() -> asked(again));
    if (why != null && !waiting) {
      over = true;
      refused.accept(why);
    }
    return why == null;
  }

  private void asked(Runnable again) {
    waiting = false;
    again.run();
  }

  /** Whether more money is under way. */
  boolean isWaiting() {
    return waiting;
  }

  /** Whether nothing more goes on, nor is counted. */
  boolean isOver() {
    return over;
  }
}
