package app.avalo.gateway.filter.redis;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Completable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * Those who wait for an answer. All may wait equally long, so they fall due in the order of their
 * start and one timer for the oldest serves all: no timer per call. A loop that stood still, as its
 * processor was elsewhere, looks once more at what has come before it gives up on an answer that
 * may have been there for long. One event loop.
 */
public final class PendingCalls<T> {
  private static final StoreUnavailable LATE =
      new StoreUnavailable(StoreUnavailable.How.LATE, "no answer in time");

  private static final long MILLI = 1_000_000;

  /** A timer so much too late is that of a loop that stood still. */
  private static final long STOOD_STILL_NANOS = 2 * MILLI;

  private final long patienceNanos;
  private final Ticker ticker;
  private final Timers timers;
  private final Consumer<PendingCall<T>> late;
  private final ArrayDeque<PendingCall<T>> calls = new ArrayDeque<>();
  private boolean armed;
  private long wakesNanos; // armed
  private boolean looksAgain;

  /**
   * No calls yet.
   *
   * @param patience from start to failure of each call
   * @param late hears of every call that failed for lack of an answer
   */
  public PendingCalls(
      Duration patience, Ticker ticker, Timers timers, Consumer<PendingCall<T>> late) {
    this.patienceNanos = patience.toNanos();
    this.ticker = ticker;
    this.timers = timers;
    this.late = late;
  }

  /**
   * A call that starts now.
   *
   * @param asker hears of its answer, or why there is none, once
   */
  public PendingCall<T> start(Completable<T> asker) {
    return start(asker, ticker.nanos());
  }

  /**
   * Likewise, for who has looked at the clock just now.
   *
   * @param nowNanos what it showed
   */
  public PendingCall<T> start(Completable<T> asker, long nowNanos) {
    // Most are answered in order; kept until they would be due they would outlive a collection.
    while (!calls.isEmpty() && calls.peek().settled()) {
      calls.remove();
    }
    PendingCall<T> call = new PendingCall<>(nowNanos + patienceNanos, asker);
    calls.add(call);
    if (!armed) {
      arm(patienceNanos);
    }
    return call;
  }

  /** Fails everything that waits. */
  void failAll(StoreUnavailable reason) {
    for (PendingCall<T> call = calls.poll(); call != null; call = calls.poll()) {
      call.fail(reason);
    }
  }

  private void arm(long nanos) {
    armed = true;
    wakesNanos = ticker.nanos() + nanos;
    timers.after(Duration.ofMillis(nanos / MILLI), this::sweep);
  }

  private void sweep() {
    armed = false;
    long now = ticker.nanos();
    looksAgain = !looksAgain && now - wakesNanos >= STOOD_STILL_NANOS && !calls.isEmpty();
    if (looksAgain) {
      arm(0); // what has come meanwhile is read before
      return;
    }
    for (PendingCall<T> oldest = calls.peek(); oldest != null; oldest = calls.peek()) {
      long left = oldest.dueNanos() - now;
      // Timers have whole milliseconds: rather a little early than too late.
      if (!oldest.settled() && left >= MILLI) {
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
