package app.avalo.gateway.edge.wire;

import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoopGroup;
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
import io.vertx.core.spi.transport.Transport;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Makes HTTP servers that show every connection twice before its first byte is read as HTTP: when
 * it was accepted, and after its TLS handshake. Vert.x tells of an HTTP/2 connection only after the
 * client's settings, which is too late to count what comes before, and has PROXY headers built in,
 * but believes every peer, resets its time limit with each byte, and knows no "accept".
 */
public final class Doorway extends VertxWrapper {
  private final Transport transport;
  private final Consumer<NetSocketInternal> entered;
  private final boolean alone;

  private Doorway(
      VertxInternal vertx,
      UnaryOperator<ChannelHandler> front,
      Consumer<NetSocketInternal> entered,
      boolean alone) {
    super(vertx);
    this.transport = new FrontedTransport(vertx.transport(), front);
    this.entered = entered;
    this.alone = alone;
  }

  /**
   * A server as {@link Vertx#createHttpServer(HttpServerOptions)} makes them.
   *
   * @param front what an accepted connection passes before the handler that sets it up
   * @param entered told of a connection after its TLS handshake and on its loop
   * @param alone whether no other loop serves this port; then this one accepts by itself, which
   *     saves a hop between threads for each connection
   */
  public static HttpServer server(
      Vertx vertx,
      HttpServerOptions options,
      UnaryOperator<ChannelHandler> front,
      Consumer<NetSocketInternal> entered,
      boolean alone) {
    return new HttpServerImpl(new Doorway((VertxInternal) vertx, front, entered, alone), options);
  }

  @Override
  public Transport transport() {
    return transport;
  }

  @Override
  public EventLoopGroup acceptorEventLoopGroup() {
    return alone ? getOrCreateContext().nettyEventLoop() : super.acceptorEventLoopGroup();
  }

  @Override
  public NetServerInternal createNetServer(NetServerOptions options) {
    return new NetServerImpl(this, options.copy()) {
      @Override
      public synchronized NetServerInternal connectHandler(Handler<NetSocket> next) {
        return super.connectHandler(
            socket -> {
              entered.accept((NetSocketInternal) socket);
              next.handle(socket);
            });
      }
    };
  }
}
