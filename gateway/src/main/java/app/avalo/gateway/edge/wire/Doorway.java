package app.avalo.gateway.edge.wire;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.HttpServerImpl;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.VertxWrapper;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.NetServerImpl;
import io.vertx.core.net.impl.NetServerInternal;
import java.util.function.Predicate;

/**
 * Makes HTTP servers that show every connection before its first byte is read: Vert.x tells of an
 * HTTP/2 connection only after the client's settings, which is too late to count what comes before.
 */
public final class Doorway extends VertxWrapper {
  private final Predicate<NetSocketInternal> admits;

  private Doorway(VertxInternal vertx, Predicate<NetSocketInternal> admits) {
    super(vertx);
    this.admits = admits;
  }

  /**
   * A server as {@link Vertx#createHttpServer(HttpServerOptions)} makes them.
   *
   * @param admits whether a connection may go on, after its TLS handshake and on its loop; one that
   *     may not must be closed by it
   */
  public static HttpServer server(
      Vertx vertx, HttpServerOptions options, Predicate<NetSocketInternal> admits) {
    return new HttpServerImpl(new Doorway((VertxInternal) vertx, admits), options);
  }

  @Override
  public NetServerInternal createNetServer(NetServerOptions options) {
    return new NetServerImpl(this, options.copy()) {
      @Override
      public synchronized NetServerInternal connectHandler(Handler<NetSocket> next) {
        return super.connectHandler(
            socket -> {
              if (admits.test((NetSocketInternal) socket)) {
                next.handle(socket);
              }
            });
      }
    };
  }
}
