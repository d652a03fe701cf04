package app.avalo.gateway.edge.client;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpServerConnection;

/**
 * One system call for everything that the streams of an HTTP/2 connection write in one turn of the
 * event loop. Their answers come in from different upstream connections, and each would otherwise
 * be flushed by itself. Nothing waits longer than until the end of the turn, and nothing is left
 * there: Vert.x does not flush a head whose body waits for the client's window.
 */
final class SharedFlush extends FlushConsolidationHandler {
  /** Flushes at once after so many writes; far more than the streams that one turn answers. */
  private static final int MOST_PER_TURN = 1024;

  private SharedFlush() {
    super(MOST_PER_TURN, true);
  }

  static void install(HttpConnection connection) {
    ChannelHandlerContext context = ((HttpServerConnection) connection).channelHandlerContext();
    if (context.handler() instanceof Http2ConnectionHandler) {
      context.pipeline().addBefore(context.name(), "sharedFlush", new SharedFlush());
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise)
      throws Exception {
    ctx.write(message, promise);
    flush(ctx);
  }
}
