package app.avalo.gateway.edge.wire;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.io.IOException;
import java.util.Map;

/**
 * Spares each accepted connection the system calls that change nothing. With epoll they are a ninth
 * of what a connection costs that asks one thing and goes.
 */
@ChannelHandler.Sharable
final class Thrift extends ChannelInboundHandlerAdapter {
  private static final Thrift ON_ACCEPT = new Thrift();
  private static final ChannelHandler ON_CLOSE = new SocketFirst();
  private static final String ON_CLOSE_NAME = "socketFirst";

  /** Linux's TCP_USER_TIMEOUT, in milliseconds, which connections have from where they come in. */
  private static final ChannelOption<Integer> LISTENER_USER_TIMEOUT =
      new IntegerUnixChannelOption("LISTENER_USER_TIMEOUT", 6, 18);

  private Thrift() {}

  /** For all listening sockets; those of epoll gain most. */
  static void apply(ServerBootstrap bootstrap) {
    Map<ChannelOption<?>, Object> options = Map.copyOf(bootstrap.config().childOptions());
    options.forEach(
        (option, value) -> {
          if (isGiven(option, value)) {
            bootstrap.childOption(option, null);
          }
        });
    if (options.get(EpollChannelOption.TCP_USER_TIMEOUT) instanceof Integer millis) {
      bootstrap
          .option(LISTENER_USER_TIMEOUT, millis)
          .childOption(EpollChannelOption.TCP_USER_TIMEOUT, null)
          .handler(ON_ACCEPT);
    }
  }

  /**
   * Whether every new connection is so anyway. Not quite so without TCP_QUICKACK off: Linux then
   * acknowledges the first bytes at once.
   */
  private static boolean isGiven(ChannelOption<?> option, Object value) {
    if (option == ChannelOption.TCP_NODELAY) {
      return Boolean.TRUE.equals(value); // Netty's default
    }
    return Boolean.FALSE.equals(value)
        && (option == ChannelOption.SO_KEEPALIVE
            || option.name().endsWith("#TCP_CORK")
            || option.name().endsWith("#TCP_QUICKACK"));
  }

  /** Puts a handler in front of all others, but behind what closes the socket. */
  static void addFirst(ChannelPipeline pipeline, ChannelHandler handler) {
    if (pipeline.get(ON_CLOSE_NAME) == null) {
      pipeline.addFirst(handler);
    } else {
      pipeline.addAfter(ON_CLOSE_NAME, null, handler);
    }
  }

  /** Asks for what it will read before it is registered, so that epoll is told once. */
  @Override
  public void channelRead(ChannelHandlerContext ctx, Object accepted) {
    if (accepted instanceof EpollSocketChannel child) {
      child.pipeline().addLast(ON_CLOSE_NAME, ON_CLOSE);
      child.unsafe().beginRead();
    }
    ctx.fireChannelRead(accepted);
  }

  /**
   * Closes the socket before the channel: then Netty asks it for no linger time, which is never
   * set, and the kernel takes it out of epoll by itself.
   */
  @Sharable
  private static final class SocketFirst extends ChannelOutboundHandlerAdapter {
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
      Channel channel = ctx.channel();
      try {
        ((EpollSocketChannel) channel).fd().close();
      } catch (IOException lost) {
        // Whatever was wrong, the number is free; the channel's own close is what is left to do.
      }
      ctx.close(promise);
    }
  }
}
