package app.avalo.gateway.filter;

import org.jspecify.annotations.Nullable;

/** Money reserved for one exchange, settled when it ends; the budget filter knows the rest. */
public interface BudgetHold {
  /** Whether another attempt may cost the service's work once more, so that none is made idly. */
  boolean chargesAttempts();

  /**
   * Holds what one more attempt may cost, as the service may have worked on an earlier one. Whoever
   * sends asks first; if there is no money for it, the request must not be sent again.
   */
  boolean again(Exchange exchange);

  /**
   * The attempt that was sent last did not reach a service: what it was asked for is given back.
   */
  void unsent();

  /** Whether it costs by the byte or second, so that it has to be metered. */
  boolean flows();

  /**
   * Holds more as an answer flows, as far as it costs by the byte or second. Whoever relays asks
   * before it passes bytes on, and at {@link #nextNanos}.
   *
   * @param bytes about to be passed on to the client
   * @return why the answer has to end here, or null
   */
  @Nullable GatewayError meter(Exchange exchange, int bytes, long nowNanos);

  /**
   * Whether {@link #meter} has just refused only because more money is under way: then the task
   * runs on this event loop when it has come or is known not to come, to ask again, and nothing is
   * to be passed on until then.
   */
  boolean awaits(Runnable again);

  /**
   * Holds more as a body arrives that did not say how long it is, or what the client of a WebSocket
   * sends, as far as it costs by the byte. Whoever relays asks before it passes bytes on; they
   * count only once they are passed.
   *
   * @param bytes about to be passed on to the service
   * @return why no more may be passed on, or null
   */
  @Nullable GatewayError take(Exchange exchange, int bytes, long nowNanos);

  /** How many bytes of an answer cost a slice: so much may still end what is under way. */
  long sliceBytes();

  /** Likewise nanoseconds. */
  long sliceNanos();

  /** When to ask at the latest if nothing is passed on. */
  long nextNanos(Exchange exchange, long nowNanos);
}
