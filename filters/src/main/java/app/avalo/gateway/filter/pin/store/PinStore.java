package app.avalo.gateway.filter.pin.store;

import app.avalo.gateway.filter.pin.store.Binding.Cause;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps bindings. Futures complete on the calling loop, failed with {@link
 * app.avalo.gateway.filter.redis.StoreUnavailable} when the store cannot tell; a failed write may
 * still have happened, and repeating it does no harm.
 */
public interface PinStore {

  /** The highest binding this process has seen lately; memory only, never a wait. */
  @Nullable Binding known(PinKey key);

  /** Tells this process, and nobody else, of a binding that could not be stored. */
  void remember(PinKey key, Binding binding);

  /**
   * The binding that holds, at most a second old, or null.
   *
   * @param ttl the binding lives at least half as long from now; zero changes nothing
   */
  Future<@Nullable Binding> read(PinKey key, Duration ttl);

  /**
   * Stores the proposal if there is no binding or only one with a lower counter; gives what holds
   * then. First contact (counter 1) and repair by a witness are this same step.
   */
  Future<Binding> claim(PinKey key, Binding proposal, Duration ttl);

  /**
   * Binds to another region unless the binding is newer than the one the caller saw, which is the
   * caller's witness: a store that knows less believes it.
   *
   * @param to region index
   */
  Future<Outcome> move(PinKey key, Binding seen, int to, Cause cause, Duration ttl);

  /** Starts to go through all bindings; those that come or change meanwhile may be missed. */
  Scan scan();

  /**
   * What a move came to.
   *
   * @param moved false when somebody was faster
   * @param binding that holds now
   */
  record Outcome(boolean moved, Binding binding) {}

  /**
   * A binding and its key.
   *
   * @param key whose
   * @param binding where
   */
  record Entry(PinKey key, Binding binding) {}

  /** A walk through a store, for one caller on one thread. */
  interface Scan {
    /** The next entries, about as many as asked for; null at the end. An empty list is not it. */
    Future<@Nullable List<Entry>> next(int limit);
  }
}
