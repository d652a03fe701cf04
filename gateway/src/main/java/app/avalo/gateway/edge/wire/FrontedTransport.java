package app.avalo.gateway.edge.wire;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandler;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.spi.transport.Transport;
import java.net.SocketAddress;
import java.util.function.UnaryOperator;

/**
 * A transport whose listening sockets put something of ours before whatever Vert.x sets a
 * connection up with: TLS has not begun there. Everything else is the transport below, as far as a
 * listening socket uses it.
 *
 * @param front makes what comes before the handler that it is given
 */
record FrontedTransport(Transport below, UnaryOperator<ChannelHandler> front) implements Transport {
  @Override
  public void configure(NetServerOptions options, boolean domain, ServerBootstrap bootstrap) {
    below.configure(options, domain, bootstrap);
    Thrift.apply(bootstrap);
    bootstrap.childHandler(front.apply(bootstrap.config().childHandler()));
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
