package app.avalo.gateway.filter.redis;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * The calls of one connection that wait for an answer. All may wait equally long, so they fall due
 * in the order of their start and one timer for the oldest serves all: no timer per call.
 */
final class PendingCalls {
  private static final StoreUnavailable LATE = new StoreUnavailable("no answer in time");

  private final long patienceNanos;
  private final Ticker ticker;
  private final Timers timers;
  private final Consumer<PendingCall> late;
  private final ArrayDeque<PendingCall> calls = new ArrayDeque<>();
  private boolean armed;

  /**
   * No calls yet.
   *
   * @param patience from start to failure of each call
   * @param late hears of every call that failed for lack of an answer
   */
  PendingCalls(Duration patience, Ticker ticker, Timers timers, Consumer<PendingCall> late) {
    this.patienceNanos = patience.toNanos();
    this.ticker = ticker;
    this.timers = timers;
    this.late = late;
  }

  /** A call that starts now. */
  PendingCall start() {
    PendingCall call = new PendingCall(ticker.nanos() + patienceNanos);
    calls.add(call);
    if (!armed) {
      arm(patienceNanos);
    }
    return call;
  }

  /** Fails everything that waits. */
  void failAll(StoreUnavailable reason) {
    for (PendingCall call = calls.poll(); call != null; call = calls.poll()) {
      call.fail(reason);
    }
  }

  private void arm(long nanos) {
    armed = true;
    // Rounded up, as a timer that fires a moment early would only have to be set again.
    timers.after(Duration.ofMillis((nanos + 999_999) / 1_000_000), this::sweep);
  }

  private void sweep() {
    armed = false;
    long now = ticker.nanos();
    for (PendingCall oldest = calls.peek(); oldest != null; oldest = calls.peek()) {
      long left = oldest.dueNanos() - now;
      if (!oldest.settled() && left > 0) {
        arm(left);
        return;
      }
      calls.remove();
      if (oldest.fail(LATE)) {
        late.accept(oldest);
      }
    }
  }
}
