package app.avalo.gateway.edge;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.OpenSSLEngineOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.tracing.TracingPolicy;
import java.net.BindException;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One listener on one event loop. */
public final class EdgeServer {
  private static final int STREAM_WINDOW = 1 << 20;
  private static final int CONNECTION_WINDOW = 4 << 20;

  private final ListenerConfig listener;
  private final HttpServer server;

  /** Makes the server; must be called on the loop that will serve it. */
  public EdgeServer(Vertx vertx, ListenerConfig listener, EdgeLoop loop) {
    this.listener = listener;
    this.server =
        vertx
            .createHttpServer(options(listener))
            .connectionHandler(connection -> loop.connected(connection, listener.bounds()))
            .requestHandler(loop::handle)
            .invalidRequestHandler(request -> loop.malformed(request, error(request)))
            .exceptionHandler(failure -> {});
  }

  private static HttpServerOptions options(ListenerConfig listener) {
    ListenerConfig.Bounds bounds = listener.bounds();
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost(listener.address().host())
            .setPort(listener.address().port())
            .setMaxHeaderSize(bounds.headerBytes())
            .setMaxInitialLineLength(bounds.uriBytes())
            .setMaxChunkSize(16 * 1024)
            .setDecoderInitialBufferSize(1024)
            .setIdleTimeout((int) bounds.idleTimeout().toMillis())
            .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
            .setTcpNoDelay(true)
            .setAcceptBacklog(1024)
            .setHandle100ContinueAutomatically(false)
            .setCompressionSupported(false)
            .setDecompressionSupported(false)
            .setTracingPolicy(TracingPolicy.IGNORE)
            .setHttp2ConnectionWindowSize(CONNECTION_WINDOW)
            .setInitialSettings(
                new Http2Settings()
                    .setMaxConcurrentStreams(bounds.streams())
                    .setInitialWindowSize(STREAM_WINDOW)
                    .setMaxHeaderListSize(bounds.headerBytes()))
            .setHttp2ClearTextEnabled(listener.http2() && listener.tls() == null);
    ListenerConfig.Tls tls = listener.tls();
    if (tls != null) {
      tls(options, tls, listener.http2());
    }
    return options;
  }

  private static void tls(HttpServerOptions options, ListenerConfig.Tls tls, boolean http2) {
    Set<String> versions = new LinkedHashSet<>();
    if ("TLSv1.2".equals(tls.minVersion())) {
      versions.add("TLSv1.2");
    }
    versions.add("TLSv1.3");
    options
        .setSsl(true)
        .setSni(tls.certificates().size() > 1)
        .setUseAlpn(http2)
        .setEnabledSecureTransportProtocols(versions)
        .setKeyCertOptions(keys(tls));
    if (OpenSSLEngineOptions.isAvailable()) {
      options.setSslEngineOptions(new OpenSSLEngineOptions().setSessionCacheEnabled(true));
    }
  }

  private static PemKeyCertOptions keys(ListenerConfig.Tls tls) {
    PemKeyCertOptions keys = new PemKeyCertOptions();
    for (ListenerConfig.KeyPair pair : tls.certificates()) {
      keys.addCertPath(pair.certificate().toString());
      keys.addKeyPath(pair.key().toString());
    }
    return keys;
  }

  /** What the decoder found wrong, without saying which decoder. */
  private static GatewayError error(HttpServerRequest request) {
    @Nullable Throwable cause = request.decoderResult().cause();
    if (cause instanceof TooLongHttpLineException) {
      return new GatewayError(Kind.URI_TOO_LONG, "The request line is too long.");
    }
    if (cause instanceof TooLongHttpHeaderException || cause instanceof TooLongFrameException) {
      return new GatewayError(Kind.HEADERS_TOO_LARGE, "The request headers are too large.");
    }
    return new GatewayError(Kind.BAD_REQUEST, "The request is not well-formed HTTP.");
  }

  /** Binds; fails with the listener's name and address. */
  public Future<HttpServer> listen() {
    return server
        .listen()
        .recover(
            failure -> cannotListen("listener " + listener.name(), listener.address(), failure));
  }

  /** A failure that says whose address cannot be had. */
  public static <T> Future<T> cannotListen(String whose, HostPort address, Throwable failure) {
    BindException told =
        new BindException(
            "%s on %s:%d: %s"
                .formatted(whose, address.host(), address.port(), failure.getMessage()));
    told.initCause(failure);
    return Future.failedFuture(told);
  }

  /** Serves new handshakes with the certificates as they are on disk now. */
  public Future<Boolean> reloadCertificates() {
    ListenerConfig.Tls tls = listener.tls();
    return tls == null
        ? Future.succeededFuture(false)
        : server.updateSSLOptions(options(listener).getSslOptions(), true);
  }

  /** Stops accepting; open connections go on. */
  public Future<Void> close() {
    return server.shutdown(1, TimeUnit.HOURS);
  }

  public ListenerConfig listener() {
    return listener;
  }

  public int port() {
    return server.actualPort();
  }
}
