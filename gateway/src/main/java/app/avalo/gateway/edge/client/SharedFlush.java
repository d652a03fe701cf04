package app.avalo.gateway.edge.client;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpServerConnection;

/**
 * One system call for everything that the streams of an HTTP/2 connection write in one turn of the
 * event loop. Their answers come in from different upstream connections, and each would otherwise
 * be flushed by itself. Nothing waits longer than until the end of the turn.
 */
final class SharedFlush {
  /** Flushes at once after so many; far more than the streams that one turn answers. */
  private static final int MOST_PER_TURN = 256;

  private SharedFlush() {}

  static void install(HttpConnection connection) {
    ChannelHandlerContext context = ((HttpServerConnection) connection).channelHandlerContext();
    if (context.handler() instanceof Http2ConnectionHandler) {
      context
          .pipeline()
          .addBefore(
              context.name(), "sharedFlush", new FlushConsolidationHandler(MOST_PER_TURN, true));
    }
  }
}
