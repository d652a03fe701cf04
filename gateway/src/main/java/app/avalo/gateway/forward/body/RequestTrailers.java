package app.avalo.gateway.forward.body;

import app.avalo.gateway.forward.head.Trailers;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.ArrayDeque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The trailers of requests. The server throws them away, so they are picked up between its decoder
 * and itself, on connections that had a request which may have some.
 */
public final class RequestTrailers {
  private static final String CHUNKS = "trailers";

  private RequestTrailers() {}

  /** Picks up the trailers of a request of whose body nothing was read yet. */
  public static void keep(HttpServerRequest request) {
    ChannelHandlerContext server = server(request);
    if (server.handler() instanceof Http2ConnectionHandler frames) {
      Http2FrameListener listener = frames.decoder().frameListener();
      if (!(listener instanceof OfFrames)) {
        frames.decoder().frameListener(new OfFrames(listener, frames.connection()));
      }
    } else if (request.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)
        && server.pipeline().get(CHUNKS) == null) {
      server.pipeline().addBefore(server.name(), CHUNKS, new OfChunks(request.headers()));
    }
  }

  /** The trailers of a request that has just ended, without those that may not be one; or null. */
  static @Nullable MultiMap of(HttpServerRequest request) {
    ChannelHandlerContext server = server(request);
    if (server.handler() instanceof Http2ConnectionHandler frames) {
      return frames.decoder().frameListener() instanceof OfFrames listener
          ? listener.take(request.streamId())
          : null;
    }
    return server.pipeline().get(CHUNKS) instanceof OfChunks chunks
        ? chunks.take(request.headers())
        : null;
  }

  /** The place of the server itself among the handlers of the connection. */
  private static ChannelHandlerContext server(HttpServerRequest request) {
    return ((ConnectionBase) request.connection()).channelHandlerContext();
  }

  /** Of HTTP/1.1: behind the last chunk. */
  private static final class OfChunks extends ChannelInboundHandlerAdapter {
    /** Pipelined requests whose trailers arrived before their turn came. */
    private static final int MOST = 16;

    private final ArrayDeque<Kept> kept = new ArrayDeque<>();
    private Object current; // headers of the request that is being read

    private record Kept(Object request, HttpHeaders trailers) {}

    OfChunks(Object current) {
      this.current = current;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof HttpRequest request) {
        current = request.headers();
      }
      if (message instanceof LastHttpContent last && !last.trailingHeaders().isEmpty()) {
        if (kept.size() == MOST) {
          kept.removeFirst();
        }
        kept.addLast(new Kept(current, last.trailingHeaders()));
      }
      ctx.fireChannelRead(message);
    }

    @Nullable MultiMap take(MultiMap request) {
      for (Iterator<Kept> all = kept.iterator(); all.hasNext(); ) {
        Kept one = all.next();
        if (one.request == request) {
          all.remove();
          return Trailers.up(one.trailers::iteratorCharSequence);
        }
      }
      return null;
    }
  }

  /** Of HTTP/2: a second block of fields on the stream. */
  private static final class OfFrames extends Http2FrameListenerDecorator {
    private final Http2Connection connection;
    private final Http2Connection.PropertyKey key;

    OfFrames(Http2FrameListener listener, Http2Connection connection) {
      super(listener);
      this.connection = connection;
      this.key = connection.newKey();
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean end)
        throws Http2Exception {
      keep(streamId, headers);
      super.onHeadersRead(ctx, streamId, headers, padding, end);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int streamId,
        Http2Headers headers,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean end)
        throws Http2Exception {
      keep(streamId, headers);
      super.onHeadersRead(ctx, streamId, headers, dependency, weight, exclusive, padding, end);
    }

    private void keep(int streamId, Http2Headers headers) {
      Http2Stream stream = connection.stream(streamId);
      // A head that ends its stream counts as both for Netty; only a head names a method.
      if (stream != null && stream.isTrailersReceived() && headers.method() == null) {
        stream.setProperty(key, headers);
      }
    }

    @Nullable MultiMap take(int streamId) {
      Http2Stream stream = connection.stream(streamId);
      Http2Headers trailers = stream == null ? null : stream.removeProperty(key);
      return trailers == null ? null : Trailers.up(trailers::iterator);
    }
  }
}
