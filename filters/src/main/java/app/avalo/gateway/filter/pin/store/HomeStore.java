package app.avalo.gateway.filter.pin.store;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps to which region each user belongs. A home is given once and never changes; where its users
 * are served is said by the map of cells. Futures complete on the calling loop, failed with {@link
 * app.avalo.gateway.filter.redis.StoreUnavailable} when the store cannot tell.
 */
public interface HomeStore {
  /** No home is known. */
  int UNKNOWN = -1;

  /**
   * The home as this process knows it, or {@link #UNKNOWN}; memory only, never a wait. When half of
   * its life is over it is renewed behind the answer.
   *
   * @param ttl life of a home from its last use; zero renews nothing
   */
  int known(PinKey key, Duration ttl);

  /** The home in the store, or null. */
  Future<@Nullable Home> find(PinKey key);

  /**
   * Gives a home to a user without one; completes with what holds then. The first writer wins.
   *
   * @param region index
   */
  Future<Home> claim(PinKey key, int region, Duration ttl);

  /** Starts to go through all homes; those that come or go meanwhile may be missed. */
  Scan scan();

  /**
   * A home and its key.
   *
   * @param key whose
   * @param home where
   */
  record Entry(PinKey key, Home home) {}

  /** A walk through a store, for one caller on one thread. */
  interface Scan {
    /** The next entries, about as many as asked for; null at the end. An empty list is not it. */
    Future<@Nullable List<Entry>> next(int limit);
  }
}
