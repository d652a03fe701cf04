package app.avalo.gateway.edge.client;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.deadline.DeadlineWheel;
import app.avalo.gateway.edge.wire.FrameGate;
import app.avalo.gateway.edge.wire.RequestDecoder;
import app.avalo.gateway.edge.wire.ResponseEncoder;
import app.avalo.gateway.filter.time.Ticker;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.Http1xServerConnection;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.impl.ConnectionBase;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The client connections of one event loop: counted and timed from the moment they are accepted,
 * and read only through our own readers of heads and frames.
 */
public final class Connections {
  private static final String HTTP_2 = "h2";

  /** Of a peer that was gone before its address was asked for. */
  private static final IpAddress UNKNOWN = IpAddress.v4(0);

  private final Supplier<Plan> plan;
  private final Ticker ticker;
  private final DeadlineWheel deadlines;
  private final OpenConnections open;

  public Connections(
      Supplier<Plan> plan, Ticker ticker, DeadlineWheel deadlines, OpenConnections open) {
    this.plan = plan;
    this.ticker = ticker;
    this.deadlines = deadlines;
    this.open = open;
  }

  /** Whether an accepted connection may come in; on its loop, which need not be this one. */
  public boolean admits(Channel channel, ListenerConfig listener) {
    IpAddress known = peer(channel);
    IpAddress peer = known == null ? UNKNOWN : known;
    boolean counted = known != null && !plan.get().trustedHops().contains(peer);
    if (!open.enter(peer, counted, listener.bounds().connections())) {
      return false;
    }
    channel.closeFuture().addListener(closed -> open.leave(peer, counted));
    return true;
  }

  private static @Nullable IpAddress peer(Channel channel) {
    SocketAddress told = channel.attr(ConnectionBase.REMOTE_ADDRESS_OVERRIDE).get();
    if (told != null) {
      return IpAddress.parse(told.hostAddress());
    }
    return channel.remoteAddress() instanceof InetSocketAddress peer
        ? IpAddress.of(peer.getAddress().getAddress())
        : null;
  }

  /** A connection came in, and its TLS handshake is over. */
  public void entered(
      NetSocketInternal socket, ListenerConfig listener, HttpServerOptions options) {
    Channel channel = socket.channelHandlerContext().channel();
    IpAddress peer = peer(channel);
    boolean direct =
        peer != null && channel.attr(ConnectionBase.REMOTE_ADDRESS_OVERRIDE).get() == null;
    ListenerConfig.Bounds bounds = listener.bounds();
    ClientConnection client =
        new ClientConnection(
            channel, peer == null ? UNKNOWN : peer, direct, bounds, deadlines, ticker);
    channel.closeFuture().addListener(closed -> client.gone());
    if (listener.http2() && mayBeHttp2(channel)) {
      FrameGate.install(
          channel,
          bounds.http2().controlFrames(),
          ticker,
          client,
          () -> readStrictly(client, options));
    }
  }

  /** Over TLS the handshake has said so; without it the first bytes will. */
  private static boolean mayBeHttp2(Channel channel) {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    return tls == null || HTTP_2.equals(tls.applicationProtocol());
  }

  /** A connection of which the protocol is known now. */
  public void connected(
      HttpConnection connection, ListenerConfig listener, HttpServerOptions options) {
    ClientConnection client = ClientConnection.of(connection);
    if (client == null) {
      return;
    }
    client.speaks(connection, listener);
    SharedFlush.install(connection);
    if (connection instanceof Http1xServerConnection) {
      readStrictly(client, options);
      client.writes(ResponseEncoder.install(client.channel()));
    }
  }

  private static void readStrictly(ClientConnection client, HttpServerOptions options) {
    int fields = client.bounds().head().count();
    RequestDecoder.install(client.channel(), options, fields, client);
  }
}
