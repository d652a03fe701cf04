package app.avalo.gateway.forward.stream;

import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * The meter of one answer. Once money ends, a stream of events or messages goes on to the end of
 * the one under way, as long as that is not far; anything else ends at once.
 */
public final class Metered {
  /** How much of an event or message may still come once money ended. */
  private static final int MOST_BEYOND = 64 * 1024;

  private final Exchange exchange;
  private final BudgetHold hold;
  private @Nullable Boundary boundary; // null: there is no good place to end
  private int beyond;
  private @Nullable GatewayError why;

  private Metered(Exchange exchange, BudgetHold hold, @Nullable Boundary boundary) {
    this.exchange = exchange;
    this.hold = hold;
    this.boundary = boundary;
  }

  /**
   * The meter of an answer, or null when no budget pays for what flows of it.
   *
   * @param events whether it is a stream of events in plain text
   */
  public static @Nullable Metered of(Exchange exchange, boolean events) {
    BudgetHold hold = exchange.budget();
    if (hold == null || !hold.flows()) {
      return null;
    }
    Boundary boundary =
        exchange.grpc() != null ? new MessageBoundary() : events ? new EventBoundary() : null;
    return new Metered(exchange, hold, boundary);
  }

  /** How many bytes of a chunk may pass; what is left of it must be thrown away. */
  public int passing(Buffer chunk, long nowNanos) {
    if (why == null) {
      why = hold.meter(exchange, chunk.length(), nowNanos);
    }
    Boundary ends = boundary;
    if (why == null) {
      if (ends != null) {
        ends.pass(chunk);
      }
      return chunk.length();
    }
    if (ends == null || ends.isAt()) {
      return 0;
    }
    int passed = ends.passToNext(chunk);
    beyond += passed;
    if (beyond > MOST_BEYOND) {
      boundary = null;
    }
    return passed;
  }

  /** Meters while nothing flows; returns whether it has to end, with or without a good place. */
  public boolean isSpent(long nowNanos) {
    if (why == null) {
      why = hold.meter(exchange, 0, nowNanos);
    }
    return why != null;
  }

  /** Whether it ends here, because nothing more can be paid. */
  public boolean isOver() {
    return why != null && (boundary == null || boundary.isAt());
  }

  /** Whether its reader can be told why. */
  public boolean endsWell() {
    return boundary != null && boundary.isAt();
  }

  /** Why it has to end, or null. */
  public @Nullable GatewayError why() {
    return why;
  }

  /** When to look at the latest. */
  public long nextNanos(long nowNanos) {
    return hold.nextNanos(exchange, nowNanos);
  }
}
