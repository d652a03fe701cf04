package app.avalo.gateway.deadline;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All deadlines of one event loop on one timer: a hashed wheel of 10 ms slots (Varghese and Lauck,
 * SOSP 1987). Setting, moving and cancelling is a few pointer writes, where a timer of the loop
 * costs a heap operation and garbage per request. The timer stands still while nothing is due.
 */
public final class DeadlineWheel {
  private static final Logger LOG = LoggerFactory.getLogger(DeadlineWheel.class);
  private static final int SLOTS = 1024;
  private static final long TICK_NANOS = 10_000_000;
  private static final Duration TICK = Duration.ofNanos(TICK_NANOS);

  /** A turn that comes this late says that the loop itself stood still. */
  private static final long PAUSE_TICKS = 10;

  private final Ticker ticker;
  private final Timers timers;
  private final @Nullable Deadline[] slots = new Deadline[SLOTS];
  private long lastTick;
  private int pending;
  private boolean turning;
  private boolean late;

  public DeadlineWheel(Ticker ticker, Timers timers) {
    this.ticker = ticker;
    this.timers = timers;
  }

  /** The clock that deadlines are of. */
  public Ticker ticker() {
    return ticker;
  }

  /** Sets or moves a deadline; it never expires early, and less than two ticks late. */
  public void set(Deadline deadline, long dueNanos) {
    if (deadline.slot >= 0) {
      unlink(deadline);
    }
    if (!turning) {
      turning = true;
      lastTick = ticker.nanos() / TICK_NANOS;
      timers.after(TICK, this::turn);
    }
    long tick = Math.max(lastTick + 1, dueNanos / TICK_NANOS + 1);
    deadline.dueTick = tick;
    link(deadline, (int) (tick & (SLOTS - 1)));
  }

  public void cancel(Deadline deadline) {
    if (deadline.slot >= 0) {
      unlink(deadline);
    }
  }

  private void link(Deadline deadline, int slot) {
    Deadline first = slots[slot];
    deadline.slot = slot;
    deadline.next = first;
    deadline.previous = null;
    if (first != null) {
      first.previous = deadline;
    }
    slots[slot] = deadline;
    pending++;
  }

  private void unlink(Deadline deadline) {
    Deadline previous = deadline.previous;
    Deadline next = deadline.next;
    if (previous == null) {
      slots[deadline.slot] = next;
    } else {
      previous.next = next;
    }
    if (next != null) {
      next.previous = previous;
    }
    deadline.slot = -1;
    deadline.next = null;
    deadline.previous = null;
    pending--;
  }

  private void turn() {
    long now = ticker.nanos() / TICK_NANOS;
    if (now - lastTick > PAUSE_TICKS && !late) {
      // What arrived during our own pause is read first; nobody is blamed for it.
      late = true;
      timers.after(TICK, this::turn);
      return;
    }
    late = false;
    long from = Math.max(lastTick + 1, now - SLOTS + 1);
    lastTick = now;
    for (long tick = from; tick <= now; tick++) {
      expire((int) (tick & (SLOTS - 1)), now);
    }
    turning = pending > 0;
    if (turning) {
      timers.after(TICK, this::turn);
    }
  }

  /** One that fails must not stop the wheel for all others. */
  private static void expire(Deadline deadline) {
    try {
      deadline.expired();
    } catch (RuntimeException defect) {
      LOG.atError().setCause(defect).log("a deadline failed");
    }
  }

  private void expire(int slot, long now) {
    Deadline deadline = slots[slot];
    while (deadline != null) {
      Deadline next = deadline.next;
      if (deadline.dueTick <= now) {
        unlink(deadline);
        expire(deadline);
        // The slot's list may have changed under an expired deadline; start over, it is short.
        next = slots[slot];
        while (next != null && next.dueTick > now) {
          next = next.next;
        }
      }
      deadline = next;
    }
  }
}
