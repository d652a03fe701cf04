package app.avalo.gateway.upstream;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.config.ServiceConfig.Timeouts;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.upstream.http1.Http1Pool;
import app.avalo.gateway.upstream.http2.Http2Pool;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All connections of one event loop to all endpoints. Must be made and used on that loop.
 *
 * <p>Own pools, because the client's built-in one scans every connection at each acquire, hands out
 * connections of other loops and cannot drop those of one region.
 */
public final class UpstreamPool {
  /** Shorter than the keep-alive of common servers, so that a reused connection is rarely dead. */
  private static final Duration IDLE = Duration.ofSeconds(20);

  private static final int SWEEP_MILLIS = 1000;

  private final Vertx vertx;
  private final Ticker ticker;
  private final UpstreamTrust trust;
  private final Map<Duration, NetClient> clients = new HashMap<>(); // by TCP_USER_TIMEOUT
  private final Map<Key, EndpointPool> pools = new HashMap<>();

  private record Key(
      Protocol protocol, Endpoint endpoint, UpstreamTls tls, Duration connect, Duration tcpUser) {}

  public UpstreamPool(Vertx vertx, Ticker ticker, UpstreamTrust trust) {
    this.vertx = vertx;
    this.ticker = ticker;
    this.trust = trust;
    vertx.setPeriodic(SWEEP_MILLIS, tick -> sweep());
  }

  /** The pool of an endpoint; the same endpoint, TLS profile and patience give the same pool. */
  public EndpointPool pool(ServiceConfig service, Endpoint endpoint) {
    UpstreamTls tls = service.upstreamTls();
    Timeouts timeouts = service.timeouts();
    return pools.computeIfAbsent(
        new Key(service.protocol(), endpoint, tls, timeouts.connect(), timeouts.tcpUserTimeout()),
        this::pool);
  }

  private EndpointPool pool(Key key) {
    NetClient client = clients.computeIfAbsent(key.tcpUser, this::client);
    Connector connector = new Connector(client, key.endpoint, key.tls, trust, key.connect);
    return switch (key.protocol) {
      case HTTP1 -> new Http1Pool(connector, ticker);
      case HTTP2 -> new Http2Pool(connector, ticker);
    };
  }

  private NetClient client(Duration tcpUser) {
    return vertx.createNetClient(
        new NetClientOptions()
            .setTcpNoDelay(true)
            .setTcpUserTimeout((int) tcpUser.toMillis())
            .setMetricsName("upstream"));
  }

  /** Drops the pools of endpoints that are not used any more; their requests in flight end. */
  public void retain(Set<EndpointPool> used) {
    pools
        .values()
        .removeIf(
            pool -> {
              boolean gone = !used.contains(pool);
              if (gone) {
                pool.retire();
              }
              return gone;
            });
  }

  /**
   * The pool of one endpoint.
   *
   * @param url of the endpoint
   * @param open connections, idle ones included
   * @param busy exchanges that use one, or wait for one
   */
  public record Figures(String url, int open, int busy) {}

  /** A snapshot of every pool; on this loop. */
  public List<Figures> figures() {
    List<Figures> all = new ArrayList<>();
    pools.forEach(
        (key, pool) ->
            all.add(new Figures(key.endpoint().url(), pool.openConnections(), pool.inFlight())));
    return all;
  }

  private void sweep() {
    long before = ticker.nanos() - IDLE.toNanos();
    for (EndpointPool pool : pools.values()) {
      pool.sweep(before);
    }
  }
}
