package app.avalo.gateway.edge.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import java.util.function.Predicate;

/** Lets a connection in or closes it, before anything is read of it or held for it. */
@ChannelHandler.Sharable
public final class Turnstile extends ChannelInitializer<Channel> {
  private final Predicate<Channel> admits;
  private final ChannelHandler next;

  /**
   * One for all connections of a listener.
   *
   * @param admits asked once per connection, on its loop
   * @param next sets up the ones that come in
   */
  public Turnstile(Predicate<Channel> admits, ChannelHandler next) {
    this.admits = admits;
    this.next = next;
  }

  @Override
  protected void initChannel(Channel channel) {
    if (admits.test(channel)) {
      channel.pipeline().addLast(next);
    } else {
      channel.close();
    }
  }
}
