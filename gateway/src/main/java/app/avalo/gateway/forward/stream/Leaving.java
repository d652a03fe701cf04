package app.avalo.gateway.forward.stream;

import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Pinned;
import io.vertx.core.buffer.Buffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The end of a stream of events or messages whose user moves to another region: at its turn, behind
 * the event or message that is under way; its reader comes back, to where the user is by then.
 */
public final class Leaving {
  /** What is under way has so long to be complete. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Pinned pin;
  private final Boundary boundary;
  private long turnNanos;
  private boolean told;

  private Leaving(Pinned pin, Boundary boundary) {
    this.pin = pin;
    this.boundary = boundary;
  }

  /**
   * That of an answer; null where it goes on to its end, as a call does and what is no stream.
   *
   * @param events whether it is a stream of events in plain text
   */
  public static @Nullable Leaving of(Exchange exchange, boolean events) {
    Pinned pin = exchange.pin();
    if (pin == null || pin.contract() == Contract.STAY) {
      return null;
    }
    Boundary boundary =
        exchange.grpc() != null ? new MessageBoundary() : events ? new EventBoundary() : null;
    return boundary == null ? null : new Leaving(pin, boundary);
  }

  /** Whether its user has moved and it was not told to end yet. */
  public boolean isDue() {
    return !told && pin.now().region().ordinal() != pin.region().ordinal();
  }

  /** It ends from then on. */
  public void at(long nanos) {
    told = true;
    turnNanos = nanos;
  }

  /** How many bytes of a chunk still pass. */
  public int passing(Buffer chunk, long nowNanos) {
    if (!isTurn(nowNanos)) {
      boundary.pass(chunk);
      return chunk.length();
    }
    return boundary.isAt() ? 0 : boundary.passToNext(chunk);
  }

  /** Whether it may end here. */
  public boolean isOver(long nowNanos) {
    return isTurn(nowNanos) && boundary.isAt();
  }

  /** Whether what is under way does not come to its end. */
  public boolean isStuck(long nowNanos) {
    return isTurn(nowNanos) && nowNanos - turnNanos >= GRACE_NANOS;
  }

  private boolean isTurn(long nowNanos) {
    return told && nowNanos - turnNanos >= 0;
  }

  /** When to look at the latest. */
  public long nextNanos(long nowNanos) {
    if (!told) {
      return Long.MAX_VALUE;
    }
    return isTurn(nowNanos) ? turnNanos + GRACE_NANOS : turnNanos;
  }
}
