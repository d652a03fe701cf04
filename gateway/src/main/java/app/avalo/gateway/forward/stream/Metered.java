package app.avalo.gateway.forward.stream;

import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.upstream.Fields;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The meter of one answer. While more money is under way it waits, and keeps what comes meanwhile:
 * little, as its reader reads no further. Once money ends, a stream of events or messages goes on
 * to the end of the one under way, as long as that is neither far nor dear; anything else ends at
 * once.
 */
public final class Metered {
  /** How much of an event or message may still come once money ended, if it costs that little. */
  private static final int MOST_BEYOND = 64 * 1024;

  /** An event or message under way has so long to be complete, if its time costs that little. */
  private static final long GRACE_NANOS = 2_000_000_000;

  /** Between two looks while it waits, for money or for such an end. */
  private static final long WAIT_NANOS = 10_000_000;

  private final Exchange exchange;
  private final BudgetHold hold;
  private @Nullable Boundary boundary; // null: there is no good place to end
  private int beyond;
  private @Nullable GatewayError why;
  private final Reader reader;
  private long refusedNanos;
  private boolean waiting;
  private final Queue<Buffer> kept = new ArrayDeque<>(0);
  private boolean ended; // behind what is kept
  private @Nullable Fields trailers;

  private Metered(Exchange exchange, BudgetHold hold, @Nullable Boundary boundary, Reader reader) {
    this.exchange = exchange;
    this.hold = hold;
    this.boundary = boundary;
    this.reader = reader;
  }

  /** Who reads the answer, and hears again of what was kept. */
  public interface Reader {
    void chunk(Buffer chunk);

    void end(@Nullable Fields trailers);

    /** Nothing is kept any more. */
    void readOn();

    /** Whether it is over for it. */
    boolean isDone();
  }

  /**
   * The meter of an answer, or null when no budget pays for what flows of it.
   *
   * @param events whether it is a stream of events in plain text
   */
  public static @Nullable Metered of(Exchange exchange, boolean events, Reader reader) {
    BudgetHold hold = exchange.budget();
    if (hold == null || !hold.flows()) {
      return null;
    }
    Boundary boundary =
        exchange.grpc() != null ? new MessageBoundary() : events ? new EventBoundary() : null;
    return new Metered(exchange, hold, boundary, reader);
  }

  /** Whether a chunk has to wait: then it is kept, and the reader hears of it again. */
  public boolean keeps(Buffer chunk, long nowNanos) {
    ask(chunk.length(), nowNanos);
    if (waiting) {
      kept.add(chunk);
    }
    return waiting;
  }

  /** Whether the end of the answer has to wait. */
  public boolean keepsEnd(@Nullable Fields said) {
    ended = waiting;
    trailers = said;
    return waiting;
  }

  /** How many bytes of a chunk may pass; what is left of it must be thrown away. */
  public int passing(Buffer chunk) {
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
    if (beyond > Math.min(MOST_BEYOND, hold.sliceBytes())) {
      boundary = null;
      return 0;
    }
    return passed;
  }

  private void ask(int bytes, long nowNanos) {
    if (why == null && !waiting) {
      GatewayError refused = hold.meter(exchange, bytes, nowNanos);
      waiting = refused != null && hold.awaits(this::asked);
      why = waiting ? null : refused;
      refusedNanos = nowNanos;
    }
  }

  private void asked() {
    waiting = false;
    if (reader.isDone()) {
      return;
    }
    for (int left = kept.size(); left > 0; left--) {
      reader.chunk(kept.remove()); // which may be kept anew, behind the others
    }
    if (ended) {
      reader.end(trailers);
    } else if (!waiting) {
      reader.readOn();
    }
  }

  /** Whether the reader is to read no further. */
  public boolean isWaiting() {
    return waiting;
  }

  /**
   * Meters while nothing flows; returns whether it has to end now, in a good place or because what
   * is under way does not come to its end.
   */
  public boolean isSpent(long nowNanos) {
    ask(0, nowNanos);
    long grace = Math.min(GRACE_NANOS, hold.sliceNanos());
    return isOver() || why != null && nowNanos - refusedNanos >= grace;
  }

  /** It has to end as soon as it may. */
  public void end(GatewayError unpaid) {
    why = unpaid;
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
    return waiting || why != null ? nowNanos + WAIT_NANOS : hold.nextNanos(exchange, nowNanos);
  }
}
