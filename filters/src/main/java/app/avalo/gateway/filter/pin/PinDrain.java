package app.avalo.gateway.filter.pin;

import app.avalo.gateway.filter.pin.store.Binding.Cause;
import app.avalo.gateway.filter.pin.store.PinStore;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Moves the users of one region to another in batches, the next only when every move of the last
 * has ended. Users bound to the region meanwhile may be missed. Confined to one event loop.
 */
public final class PinDrain {
  private static final Duration BREATH = Duration.ofMillis(1);

  private final PinStore store;
  private final Timers timers;
  private final Order order;
  private final PinStore.Scan scan;
  private final Promise<Progress> done = Promise.promise();
  private final Deque<PinStore.Entry> waiting = new ArrayDeque<>(); // the event loop
  private int inFlight; // the event loop
  private long moved; // the event loop
  private long overtaken; // the event loop
  private long failed; // the event loop
  private boolean read; // the event loop: the walk through the store is over
  private boolean stopped; // the event loop

  /**
   * What to move.
   *
   * @param group of services, or null for all
   * @param from region index
   * @param to region index
   * @param batch users at once
   * @param pause between batches
   * @param ttl of the new bindings
   */
  record Order(@Nullable String group, int from, int to, int batch, Duration pause, Duration ttl) {}

  /**
   * How far it is.
   *
   * @param moved users
   * @param overtaken users that somebody else moved at the same moment
   * @param failed moves that the store did not answer
   * @param over whether nothing more will happen
   */
  public record Progress(long moved, long overtaken, long failed, boolean over) {}

  PinDrain(PinStore store, Timers timers, Order order) {
    this.store = store;
    this.timers = timers;
    this.order = order;
    this.scan = store.scan();
  }

  void start() {
    step();
  }

  public Progress progress() {
    return new Progress(moved, overtaken, failed, done.future().isComplete());
  }

  /** Completes when it is over or was stopped; fails when the store cannot be read. */
  public Future<Progress> done() {
    return done.future();
  }

  /** Ends it after the batch in flight. */
  public void stop() {
    stopped = true;
  }

  private void step() {
    if (stopped || read && waiting.isEmpty()) {
      done.tryComplete(new Progress(moved, overtaken, failed, true));
    } else if (read || waiting.size() >= order.batch()) {
      moveBatch();
    } else {
      scan.next(order.batch()).onSuccess(this::collect).onFailure(done::tryFail);
    }
  }

  private void collect(@Nullable Iterable<PinStore.Entry> page) {
    read = page == null;
    if (page != null) {
      for (PinStore.Entry entry : page) {
        boolean wanted = order.group() == null || order.group().equals(entry.key().group());
        if (wanted && entry.binding().region() == order.from()) {
          waiting.add(entry);
        }
      }
    }
    timers.after(BREATH, this::step);
  }

  private void moveBatch() {
    int size = Math.min(order.batch(), waiting.size());
    inFlight = size;
    for (int i = 0; i < size; i++) {
      PinStore.Entry entry = waiting.remove();
      store
          .move(entry.key(), entry.binding(), order.to(), Cause.OPERATOR, order.ttl())
          .onComplete(this::ended);
    }
  }

  private void ended(PinStore.@Nullable Outcome outcome, @Nullable Throwable failure) {
    if (failure != null || outcome == null) {
      failed++;
    } else if (outcome.moved()) {
      moved++;
    } else {
      overtaken++;
    }
    if (--inFlight == 0) {
      timers.after(order.pause(), this::step);
    }
  }
}
