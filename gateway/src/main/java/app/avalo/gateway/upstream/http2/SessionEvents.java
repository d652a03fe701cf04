package app.avalo.gateway.upstream.http2;

import app.avalo.gateway.upstream.Loss;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;

/** What the endpoint says on a connection, handed to the exchange that it concerns. */
final class SessionEvents extends Http2EventAdapter {
  private final Http2Session session;

  SessionEvents(Http2Session session) {
    this.session = session;
  }

  @Override
  public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
    session.serve();
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
      boolean end) {
    onHeadersRead(ctx, streamId, headers, padding, end);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean end) {
    Http2Exchange exchange = session.exchange(streamId);
    if (exchange != null) {
      session.served();
      if (exchange.headers(headers, end)) {
        session.unsettled(exchange);
      }
    }
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean end) {
    int size = data.readableBytes() + padding;
    Http2Exchange exchange = session.exchange(streamId);
    return exchange == null || exchange.data(data, size, end) ? size : 0;
  }

  @Override
  public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long code) {
    Http2Exchange exchange = session.exchange(streamId);
    if (exchange != null) {
      exchange.lost(code == Http2Error.REFUSED_STREAM.code() ? Loss.REFUSED : Loss.CLOSED);
    }
  }

  /** Streams above the last one that the endpoint knows are closed by the codec next. */
  @Override
  public void onGoAwayReceived(int lastStreamId, long code, ByteBuf debugData) {
    session.closeWhenUnused();
  }

  @Override
  public void onStreamClosed(Http2Stream stream) {
    Http2Exchange exchange = session.exchange(stream);
    if (exchange != null) {
      int last = session.connection().local().lastStreamKnownByPeer();
      exchange.lost(last >= 0 && stream.id() > last ? Loss.UNPROCESSED : Loss.CLOSED);
    }
  }
}
