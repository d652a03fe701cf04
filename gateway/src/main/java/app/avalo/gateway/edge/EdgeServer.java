package app.avalo.gateway.edge;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.ListenerConfig.ProxyProtocol;
import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.edge.client.Connections;
import app.avalo.gateway.edge.proxy.ProxyHeaders;
import app.avalo.gateway.edge.tls.TlsFiles;
import app.avalo.gateway.edge.tls.TlsOptions;
import app.avalo.gateway.edge.wire.Doorway;
import app.avalo.gateway.edge.wire.Turnstile;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.tracing.TracingPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One listener on one event loop. */
public final class EdgeServer {
  private static final int STREAM_WINDOW = 1 << 20;
  private static final int CONNECTION_WINDOW = 4 << 20;

  private final Vertx vertx;
  private final ListenerConfig listener;
  private final EdgeLoop loop;
  private final boolean alone;
  private @Nullable HttpServer server; // set once, by the loop
  private volatile @Nullable TlsFiles files; // written by the loop, then by reloads

  /** Serves nothing yet; must be called on the loop that will. */
  public EdgeServer(Vertx vertx, ListenerConfig listener, EdgeLoop loop, boolean alone) {
    this.vertx = vertx;
    this.listener = listener;
    this.loop = loop;
    this.alone = alone;
  }

  private static HttpServerOptions options(ListenerConfig listener, @Nullable TlsFiles files) {
    ListenerConfig.Bounds bounds = listener.bounds();
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost(listener.address().host())
            .setPort(listener.address().port())
            .setMaxHeaderSize(bounds.head().bytes())
            .setMaxInitialLineLength(bounds.head().uriBytes())
            .setMaxChunkSize(64 * 1024)
            .setDecoderInitialBufferSize(1024)
            // Everything is written on the connection's loop, so that it needs no queue between
            // threads, which takes half of the memory of an idle connection.
            .setStrictThreadMode(true)
            .setTcpNoDelay(true)
            .setTcpUserTimeout((int) bounds.connections().tcpUserTimeout().toMillis())
            .setAcceptBacklog(1024)
            .setHandle100ContinueAutomatically(false)
            .setCompressionSupported(false)
            .setDecompressionSupported(false)
            // WebSockets are tunnels; the handler that negotiates for both ends would see every
            // head.
            .setPerMessageWebSocketCompressionSupported(false)
            .setPerFrameWebSocketCompressionSupported(false)
            .setTracingPolicy(TracingPolicy.IGNORE)
            .setHttp2ConnectionWindowSize(CONNECTION_WINDOW)
            .setHttp2RstFloodMaxRstFramePerWindow(bounds.http2().resets())
            .setInitialSettings(
                new Http2Settings()
                    .setMaxConcurrentStreams(bounds.http2().streams())
                    .setInitialWindowSize(STREAM_WINDOW)
                    .setMaxHeaderListSize(bounds.head().bytes()))
            .setHttp2ClearTextEnabled(listener.http2() && listener.tls() == null);
    ListenerConfig.Tls tls = listener.tls();
    if (tls != null) {
      TlsOptions.add(options, tls, Objects.requireNonNull(files), listener.http2());
    }
    return options;
  }

  /** What the decoder found wrong, without saying which decoder. */
  private GatewayError error(HttpServerRequest request) {
    @Nullable Throwable cause = request.decoderResult().cause();
    if (cause instanceof TooLongHttpLineException) {
      return tooLarge(Kind.URI_TOO_LONG, "uriSize", "The request line is too long.");
    }
    if (cause instanceof TooLongHttpHeaderException || cause instanceof TooLongFrameException) {
      return tooLarge(Kind.HEADERS_TOO_LARGE, "headerSize", "The request headers are too large.");
    }
    return new GatewayError(Kind.BAD_REQUEST, "The request is not well-formed HTTP.");
  }

  private GatewayError tooLarge(Kind kind, String bound, String detail) {
    return new GatewayError(kind, listener.name() + ".bounds." + bound, detail, -1);
  }

  /** Reads certificates, then binds; fails with the file, or the listener's name and address. */
  public Future<HttpServer> listen() {
    ListenerConfig.Tls tls = listener.tls();
    Future<@Nullable TlsFiles> wanted =
        tls == null
            ? Future.succeededFuture(null)
            : vertx.executeBlocking(() -> TlsFiles.read(vertx, tls));
    return wanted.compose(
        read -> {
          HttpServerOptions options = options(listener, read);
          Connections connections = loop.connections();
          HttpServer made =
              Doorway.server(
                      vertx,
                      options,
                      this::front,
                      socket -> connections.entered(socket, listener, options),
                      alone)
                  .connectionHandler(
                      connection -> connections.connected(connection, listener, options))
                  .requestHandler(loop::handle)
                  .invalidRequestHandler(request -> loop.malformed(request, error(request)))
                  .exceptionHandler(failure -> {});
          server = made;
          files = read;
          return made.listen()
              .recover(
                  failure ->
                      cannotListen("listener " + listener.name(), listener.address(), failure));
        });
  }

  /** What a connection passes before TLS and HTTP: a PROXY header if wanted, and the ceilings. */
  private ChannelHandler front(ChannelHandler next) {
    Turnstile counted =
        new Turnstile(channel -> loop.connections().admits(channel, listener), next);
    ProxyProtocol wanted = listener.proxyProtocol();
    if (wanted == ProxyProtocol.OFF) {
      return counted;
    }
    Duration timeout = listener.bounds().head().timeout();
    return new ProxyHeaders(wanted == ProxyProtocol.REQUIRE, timeout, loop::trusts).before(counted);
  }

  /** A failure that says whose address cannot be had. */
  public static <T> Future<T> cannotListen(String whose, HostPort address, Throwable failure) {
    IOException told =
        new IOException(
            "%s on %s:%d: %s"
                .formatted(whose, address.host(), address.port(), failure.getMessage()),
            failure);
    return Future.failedFuture(told);
  }

  /**
   * Serves new handshakes with the certificates as they are on disk now, on every loop. Fails, and
   * changes nothing, if they cannot be used.
   *
   * @return whether they are others than before
   */
  public Future<Boolean> reloadCertificates() {
    ListenerConfig.Tls tls = listener.tls();
    HttpServer serving = server;
    if (tls == null || serving == null) {
      return Future.succeededFuture(false);
    }
    return vertx
        .executeBlocking(() -> TlsFiles.read(vertx, tls))
        .compose(
            read ->
                read.equals(files)
                    ? Future.succeededFuture(false)
                    : serving
                        .updateSSLOptions(options(listener, read).getSslOptions(), true)
                        .onSuccess(updated -> files = read));
  }

  /** Stops accepting; open connections go on. */
  public Future<Void> close() {
    return server == null ? Future.succeededFuture() : server.shutdown(1, TimeUnit.HOURS);
  }

  public ListenerConfig listener() {
    return listener;
  }

  public int port() {
    return Objects.requireNonNull(server).actualPort();
  }
}
