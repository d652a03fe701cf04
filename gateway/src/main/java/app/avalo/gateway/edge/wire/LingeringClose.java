package app.avalo.gateway.edge.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;

/**
 * Closes a connection so that the last answer arrives (RFC 9112, 9.6): says that nothing more will
 * be sent, and throws away what still comes until the client closes too. A second close is final.
 */
public final class LingeringClose extends ChannelDuplexHandler {
  private final Runnable lingering;
  private boolean closed;

  private LingeringClose(Runnable lingering) {
    this.lingering = lingering;
  }

  /**
   * Makes the next close of a connection a lingering one.
   *
   * @param lingering told when it begins; must close again after a while
   */
  public static void install(Channel channel, Runnable lingering) {
    Thrift.addFirst(channel.pipeline(), new LingeringClose(lingering));
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (closed) {
      ReferenceCountUtil.release(message);
    } else {
      ctx.fireChannelRead(message);
    }
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    if (closed || !(ctx.channel() instanceof DuplexChannel channel) || !channel.isActive()) {
      ctx.close(promise);
      return;
    }
    closed = true;
    channel
        .shutdownOutput()
        .addListener(
            shut -> {
              if (shut.isSuccess()) {
                channel.config().setAutoRead(true);
                lingering.run();
              } else {
                ctx.close();
              }
            });
    channel.closeFuture().addListener(done -> promise.trySuccess());
  }
}
