package app.avalo.gateway.forward.choice;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.time.Ticker;
import java.util.Objects;

/**
 * One exchange on the look-out for its next region: follows its pin, and waits while the pinned
 * region is in doubt or the user about to move.
 */
public final class Search {
  /** How long a pinned exchange waits for its region. */
  private static final long PATIENCE_NANOS = 2_000_000_000L;

  private final Exchange exchange;
  private final Destinations destinations;
  private final Tries tries;
  private final Ticker ticker;
  private final Waiting waiting;
  private final Listener listener;
  private long waitingSinceNanos;
  private boolean inside; // counts as waiting

  /** Told what came of it, once per {@link #next}. */
  public interface Listener {
    void found(Destination destination);

    /** Ask again soon. */
    void notYet();

    /** No region may take it, or none may be written to for this user. */
    void nowhere(boolean closed);
  }

  public Search(
      Exchange exchange,
      Destinations destinations,
      Tries tries,
      Ticker ticker,
      Waiting waiting,
      Listener listener) {
    this.exchange = exchange;
    this.destinations = destinations;
    this.tries = tries;
    this.ticker = ticker;
    this.waiting = waiting;
    this.listener = listener;
  }

  /** Looks for the next region. */
  public void next() {
    Pinned pin = exchange.pin();
    if (pin != null) {
      exchange.pin(pin.now());
    }
    long nowNanos = ticker.nanos();
    boolean patient = waitingSinceNanos == 0 || nowNanos - waitingSinceNanos < PATIENCE_NANOS;
    RegionChoice.Choice choice =
        RegionChoice.next(exchange, destinations, tries.tried(), patient, nowNanos);
    switch (choice.verdict()) {
      case GO -> {
        stop();
        Destination chosen = Objects.requireNonNull(choice.destination());
        chosen.taken(exchange);
        listener.found(chosen);
      }
      case WAIT -> keepWaiting(nowNanos);
      case CLOSED -> listener.nowhere(true);
      case NONE -> listener.nowhere(false);
    }
  }

  private void keepWaiting(long nowNanos) {
    if (!inside && !waiting.enter()) {
      listener.nowhere(true);
      return;
    }
    inside = true;
    if (waitingSinceNanos == 0) {
      waitingSinceNanos = nowNanos;
    }
    listener.notYet();
  }

  /** It waits no longer. */
  public void stop() {
    if (inside) {
      inside = false;
      waiting.leave();
    }
  }
}
