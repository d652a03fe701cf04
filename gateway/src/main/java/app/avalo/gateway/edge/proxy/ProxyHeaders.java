package app.avalo.gateway.edge.proxy;

import app.avalo.gateway.config.unit.IpAddress;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * Decides which connections of a listener begin with a PROXY header. The bytes of a stranger are
 * never read as one.
 *
 * @param required whether strangers, and hops that send none, are closed
 * @param timeout to the end of the header
 * @param trusted whether a peer may say where its client is; asked once per connection
 */
public record ProxyHeaders(boolean required, Duration timeout, Predicate<IpAddress> trusted) {
  /** Goes before the handler that sets connections up. */
  public ChannelHandler before(ChannelHandler next) {
    return new Front(this, next);
  }

  @ChannelHandler.Sharable
  private static final class Front extends ChannelInitializer<Channel> {
    private final ProxyHeaders headers;
    private final ChannelHandler next;

    Front(ProxyHeaders headers, ChannelHandler next) {
      this.headers = headers;
      this.next = next;
    }

    @Override
    protected void initChannel(Channel channel) {
      if (headers.trusts(channel)) {
        channel
            .pipeline()
            .addLast(new ProxyHeaderHandler(headers.required, headers.timeout.toNanos(), next));
      } else if (headers.required) {
        channel.close();
      } else {
        channel.pipeline().addLast(next);
      }
    }
  }

  private boolean trusts(Channel channel) {
    // No address: the peer has gone already.
    return channel.remoteAddress() instanceof InetSocketAddress peer
        && trusted.test(IpAddress.of(peer.getAddress().getAddress()));
  }
}
