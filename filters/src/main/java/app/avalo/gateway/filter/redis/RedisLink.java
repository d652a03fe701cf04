package app.avalo.gateway.filter.redis;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/**
 * The road to Redis of one event loop. Made and used on that loop; only {@link #stats} may be read
 * from elsewhere.
 */
public sealed interface RedisLink extends ScriptRunner permits NodeLink, ClusterLink {
  /**
   * What monitoring shows of a link; a snapshot that may lag by one call.
   *
   * @param up whether calls are tried at all, in a cluster at every master
   * @param pending commands without answer
   * @param timeouts calls and pings that ran out of time, since the start
   * @param errors calls refused by a full queue, a broken connection or Redis itself
   * @param reconnects connections made after the first
   */
  record Stats(boolean up, int pending, long timeouts, long errors, long reconnects) {}

  /** Starts connecting, on the event loop that will use the link. */
  static RedisLink connect(Vertx vertx, StateConfig.Redis config, Ticker ticker) {
    return config.mode() == StateConfig.Mode.CLUSTER
        ? new ClusterLink(vertx, config, ticker)
        : new NodeLink(vertx, config, ticker, (address, forGood) -> null);
  }

  /**
   * Completes when the first attempt to connect has ended, well or not; at most two seconds after
   * the start. Who begins to serve only then meets no Redis that is merely not connected yet.
   */
  Future<Void> tried();

  /** Figures for metrics, from any thread. */
  Stats stats();

  /** Ends the link for good; on its event loop. */
  void close();
}
