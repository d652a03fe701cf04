package app.avalo.gateway.upstream;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.tracing.TracingPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
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
  private static final int HEADER_BYTES = 64 * 1024;

  /**
   * Data that the kernel of the other side does not take for so long ends the connection. Longer
   * than any pause of a live service, because a full receive window counts too; lost endpoints are
   * found by checks and cut much earlier.
   */
  private static final int UNACKNOWLEDGED_MILLIS = 30_000;

  private final HttpClientAgent client;
  private final Ticker ticker;
  private final Map<Key, EndpointPool> pools = new HashMap<>();

  private record Key(Endpoint endpoint, UpstreamTls tls, Duration connect) {}

  public UpstreamPool(Vertx vertx, Ticker ticker) {
    this.ticker = ticker;
    this.client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_1_1)
                .setKeepAlive(true)
                .setPipelining(false)
                .setMaxHeaderSize(HEADER_BYTES)
                .setMaxInitialLineLength(HEADER_BYTES)
                .setMaxChunkSize(16 * 1024)
                .setDecoderInitialBufferSize(1024)
                .setDecompressionSupported(false)
                .setTcpNoDelay(true)
                .setTcpUserTimeout(UNACKNOWLEDGED_MILLIS)
                .setTracingPolicy(TracingPolicy.IGNORE)
                .setMetricsName("upstream"));
    vertx.setPeriodic(SWEEP_MILLIS, tick -> sweep());
  }

  /** The pool of an endpoint; the same endpoint, TLS profile and patience give the same pool. */
  public EndpointPool pool(ServiceConfig service, Endpoint endpoint) {
    Duration connect = service.timeouts().connect();
    return pools.computeIfAbsent(
        new Key(endpoint, service.upstreamTls(), connect),
        key -> new EndpointPool(client, ticker, ConnectOptions.of(key.endpoint, key.tls, connect)));
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
   * @param busy connections lent to exchanges, or being opened for them
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

  /** Every pool of this loop, for figures. */
  public Collection<EndpointPool> pools() {
    return pools.values();
  }

  private void sweep() {
    long before = ticker.nanos() - IDLE.toNanos();
    for (EndpointPool pool : pools.values()) {
      pool.closeIdleSince(before);
    }
  }
}
