package app.avalo.gateway.edge.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads the PROXY header of one connection, then makes way for TLS and HTTP. Until then nothing
 * else is in the pipeline, so that a connection is set up knowing its client.
 */
final class ProxyHeaderHandler extends ByteToMessageDecoder {
  private final boolean required;
  private final long timeoutNanos;
  private final ChannelHandler next;
  private @Nullable Future<?> timeout; // handlerAdded, on the loop

  /**
   * A handler for one connection.
   *
   * @param required whether a connection without a header is closed
   * @param timeoutNanos to the end of the header; more slowly sent ones end the connection
   * @param next sets the connection up
   */
  ProxyHeaderHandler(boolean required, long timeoutNanos, ChannelHandler next) {
    this.required = required;
    this.timeoutNanos = timeoutNanos;
    this.next = next;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    timeout =
        context.executor().schedule(() -> context.close(), timeoutNanos, TimeUnit.NANOSECONDS);
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    ProxyHeader header = ProxyHeader.read(in);
    switch (header.kind()) {
      case INCOMPLETE -> {}
      case MALFORMED -> close(context, in);
      case ABSENT -> {
        if (required) {
          close(context, in);
        } else {
          proceed(context);
        }
      }
      case LOCAL -> proceed(context);
      case PROXIED -> {
        String source = Objects.requireNonNull(header.source()).toString();
        context
            .channel()
            .attr(ConnectionBase.REMOTE_ADDRESS_OVERRIDE)
            .set(SocketAddress.inetSocketAddress(header.port(), source));
        proceed(context);
      }
    }
  }

  private static void close(ChannelHandlerContext context, ByteBuf in) {
    in.skipBytes(in.readableBytes());
    context.close();
  }

  /** What was read beyond the header is passed on when this handler goes. */
  private void proceed(ChannelHandlerContext context) {
    context.pipeline().addLast(next).remove(this);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext context) {
    Objects.requireNonNull(timeout).cancel(false);
  }

  /** Nobody is told: there is no request yet, and a broken connection is its peer's business. */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
  }
}
