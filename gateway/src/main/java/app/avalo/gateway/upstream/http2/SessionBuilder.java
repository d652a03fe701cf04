package app.avalo.gateway.upstream.http2;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.upstream.Connector;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Settings;

/** Puts a connection together from the codec's parts, with the settings that endpoints are told. */
final class SessionBuilder
    extends AbstractHttp2ConnectionHandlerBuilder<Http2Session, SessionBuilder> {
  private static final int HEADER_BYTES = 64 * 1024;
  private static final int STREAM_WINDOW = 1 << 20;

  final Http2Pool pool;
  final Connector connector;
  final Ticker ticker;

  SessionBuilder(Http2Pool pool, Connector connector, Ticker ticker) {
    this.pool = pool;
    this.connector = connector;
    this.ticker = ticker;
  }

  Http2Session make() {
    server(false);
    gracefulShutdownTimeoutMillis(0);
    initialSettings(
        new Http2Settings()
            .pushEnabled(false)
            .initialWindowSize(STREAM_WINDOW)
            .maxHeaderListSize(HEADER_BYTES));
    return build();
  }

  @Override
  protected Http2Session build(
      Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
    return new Http2Session(this, decoder, encoder, settings);
  }
}
