package app.avalo.gateway.upstream;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.List;

/** Opens sockets to one endpoint: TCP, and TLS with the protocol agreed on (ALPN). */
public final class Connector {
  private static final String HTTP_2 = "h2";

  private final NetClient client;
  private final Endpoint endpoint;
  private final UpstreamTls tls;
  private final UpstreamTrust trust;
  private final Duration patience;

  Connector(
      NetClient client,
      Endpoint endpoint,
      UpstreamTls tls,
      UpstreamTrust trust,
      Duration patience) {
    this.client = client;
    this.endpoint = endpoint;
    this.tls = tls;
    this.trust = trust;
    this.patience = patience;
  }

  public boolean isTls() {
    return endpoint.tls();
  }

  /** How long a connection may take. */
  public Duration patience() {
    return patience;
  }

  public Future<NetSocketInternal> http1() {
    return connect(List.of());
  }

  /** HTTP/2 by ALPN over TLS, by prior knowledge otherwise (RFC 9113, 3.3). */
  public Future<NetSocketInternal> http2() {
    return connect(List.of(HTTP_2))
        .compose(
            socket -> {
              if (endpoint.tls() && !HTTP_2.equals(socket.applicationLayerProtocol())) {
                socket.close();
                return Future.failedFuture("the endpoint does not offer HTTP/2");
              }
              return Future.succeededFuture(socket);
            });
  }

  /**
   * Opens a socket once all events that the loop has at hand are dealt with. Netty's epoll knows
   * sockets by their numbers: one that was opened before would get the number of a socket that was
   * just closed, as when clients leave, and with it the events that are still to come for that one.
   */
  private Future<NetSocketInternal> connect(List<String> protocols) {
    ContextInternal context = ContextInternal.current();
    Promise<NetSocket> opened = context.promise();
    context.runOnContext(now -> client.connect(options(protocols)).onComplete(opened));
    return opened.future().map(NetSocketInternal.class::cast);
  }

  private ConnectOptions options(List<String> protocols) {
    ConnectOptions options =
        new ConnectOptions()
            .setRemoteAddress(SocketAddress.inetSocketAddress(endpoint.port(), endpoint.host()))
            .setHost(tls.serverName() == null ? endpoint.host() : tls.serverName())
            .setPort(endpoint.port())
            .setSsl(endpoint.tls())
            .setTimeout((int) patience.toMillis());
    if (!endpoint.tls()) {
      return options;
    }
    ClientSSLOptions ssl =
        trust.of(tls).setUseAlpn(!protocols.isEmpty()).setApplicationLayerProtocols(protocols);
    return options.setSslOptions(ssl);
  }
}
