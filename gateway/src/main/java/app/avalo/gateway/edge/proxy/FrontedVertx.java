package app.avalo.gateway.edge.proxy;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.HttpServerImpl;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.VertxWrapper;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.impl.NetServerImpl;
import io.vertx.core.net.impl.NetServerInternal;
import io.vertx.core.spi.transport.Transport;
import java.net.SocketAddress;

/**
 * A Vert.x instance whose servers read a PROXY header before they set a connection up.
 *
 * <p>Vert.x has the protocol built in, but believes every peer, resets its time limit with each
 * byte, and knows no "accept". Its only place before a connection is set up is the transport's
 * configuration of the listening socket, which is what this instance lends to its servers;
 * everything else is the instance below.
 */
public final class FrontedVertx extends VertxWrapper {
  private final Transport transport;

  public FrontedVertx(Vertx vertx, ProxyHeaders headers) {
    super((VertxInternal) vertx);
    this.transport = new FrontedTransport(delegate.transport(), headers);
  }

  @Override
  public HttpServer createHttpServer(HttpServerOptions options) {
    return new HttpServerImpl(this, options);
  }

  @Override
  public NetServerInternal createNetServer(NetServerOptions options) {
    return new NetServerImpl(this, options.copy());
  }

  @Override
  public Transport transport() {
    return transport;
  }

  /** The transport below, as far as a listening socket uses it. */
  private record FrontedTransport(Transport below, ProxyHeaders headers) implements Transport {
    @Override
    public void configure(NetServerOptions options, boolean domain, ServerBootstrap bootstrap) {
      below.configure(options, domain, bootstrap);
      bootstrap.childHandler(headers.before(bootstrap.config().childHandler()));
    }

    @Override
    public boolean supportFileRegion() {
      return below.supportFileRegion();
    }

    @Override
    public SocketAddress convert(io.vertx.core.net.SocketAddress address) {
      return below.convert(address);
    }

    @Override
    public io.vertx.core.net.SocketAddress convert(SocketAddress address) {
      return below.convert(address);
    }

    @Override
    public IoHandlerFactory ioHandlerFactory() {
      return below.ioHandlerFactory();
    }

    @Override
    public DatagramChannel datagramChannel() {
      return below.datagramChannel();
    }

    @Override
    @SuppressWarnings("deprecation") // as it is declared
    public DatagramChannel datagramChannel(InternetProtocolFamily family) {
      return below.datagramChannel(family);
    }

    @Override
    public ChannelFactory<? extends Channel> channelFactory(boolean domainSocket) {
      return below.channelFactory(domainSocket);
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
      return below.serverChannelFactory(domainSocket);
    }
  }
}
