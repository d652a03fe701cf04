package app.avalo.gateway.edge.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;

/**
 * The end of an answer that cannot be completed: the client's stream is reset, or its connection
 * closed where it has no streams. INTERNAL_ERROR, because NO_ERROR would make half an answer look
 * intended (RFC 9113, 7).
 */
public final class CutOff {
  private static final long CODE = Http2Error.INTERNAL_ERROR.code();

  private CutOff() {}

  /**
   * Cuts off what the client itself broke. Netty counts such resets, and after {@code streamResets}
   * ends the connection: clients must not get rid of work by having it reset (CVE-2025-55163).
   */
  public static void provoked(HttpServerRequest request) {
    request.response().reset(CODE);
  }

  /** Cuts off what the client did nothing to break, which does not count against it. */
  public static void blameless(HttpServerRequest request) {
    ChannelHandlerContext context =
        ((HttpServerConnection) request.connection()).channelHandlerContext();
    if (!(context.handler() instanceof Http2ConnectionHandler codec)) {
      request.response().reset(CODE);
    } else if (codec.connection().stream(request.streamId()) != null) {
      // Behind the encoder, which is what counts.
      codec.resetStream(context, request.streamId(), CODE, context.newPromise());
      context.flush();
    }
  }
}
