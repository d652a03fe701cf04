package app.avalo.gateway.forward.choice;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.time.Ticker;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One exchange on the look-out for its next region: waits for the verdict on a suspected one, moves
 * its pin first where that is due.
 */
public final class Search {
  /** How long a pinned exchange waits for the verdict on its region. */
  private static final long PATIENCE_NANOS = 2_500_000_000L;

  private final Exchange exchange;
  private final Destinations destinations;
  private final Tries tries;
  private final Ticker ticker;
  private final Listener listener;
  private long waitingSinceNanos;
  private boolean over;

  /** Told what came of it, once per {@link #next}. */
  public interface Listener {
    void found(Destination destination);

    /** Ask again soon. */
    void notYet();

    /** The pin is being moved; one of the others follows. */
    void moving();

    /** No region may take it, or the pin could not be moved. */
    void nowhere(boolean homeUnknown);
  }

  public Search(
      Exchange exchange, Destinations destinations, Tries tries, Ticker ticker, Listener listener) {
    this.exchange = exchange;
    this.destinations = destinations;
    this.tries = tries;
    this.ticker = ticker;
    this.listener = listener;
  }

  /** Looks for the next region. */
  public void next() {
    long nowNanos = ticker.nanos();
    boolean patient = waitingSinceNanos == 0 || nowNanos - waitingSinceNanos < PATIENCE_NANOS;
    RegionChoice.Choice choice = RegionChoice.next(exchange, destinations, tries.tried(), patient);
    switch (choice.verdict()) {
      case GO -> listener.found(Objects.requireNonNull(choice.destination()));
      case MOVE_PIN -> movePin(Objects.requireNonNull(choice.destination()));
      case WAIT -> {
        if (waitingSinceNanos == 0) {
          waitingSinceNanos = nowNanos;
        }
        listener.notYet();
      }
      case NONE -> listener.nowhere(false);
    }
  }

  private void movePin(Destination to) {
    listener.moving();
    Objects.requireNonNull(exchange.pin())
        .moveTo(to.region())
        .onComplete((moved, failure) -> pinMoved(moved, to));
  }

  private void pinMoved(@Nullable Pinned moved, Destination wanted) {
    if (over) {
      return;
    }
    if (moved == null) {
      listener.nowhere(true);
      return;
    }
    exchange.pin(moved);
    if (moved.region().ordinal() == wanted.region().ordinal()) {
      listener.found(wanted);
    } else {
      next();
    }
  }

  /** Ends it; what is still under way is ignored. */
  public void stop() {
    over = true;
  }
}
