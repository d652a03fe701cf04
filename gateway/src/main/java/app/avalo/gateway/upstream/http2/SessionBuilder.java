package app.avalo.gateway.upstream.http2;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.upstream.Connector;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.AsciiString;

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
    headerSensitivityDetector((name, value) -> isNeverIndexed(name));
    initialSettings(
        new Http2Settings()
            .pushEnabled(false)
            .initialWindowSize(STREAM_WINDOW)
            .maxHeaderListSize(HEADER_BYTES));
    return build();
  }

  /**
   * Secrets stay out of the compression's table, so that nobody can guess them from the length of
   * what is sent (RFC 7541, 7.1); what is new each time would only push out what is not.
   */
  private static boolean isNeverIndexed(CharSequence name) {
    return switch (name.length()) {
      case 6 -> AsciiString.contentEquals("cookie", name);
      case 9 -> AsciiString.contentEquals("x-api-key", name);
      case 11 -> AsciiString.contentEquals("traceparent", name);
      case 12 -> AsciiString.contentEquals("x-request-id", name);
      case 13 -> AsciiString.contentEquals("authorization", name);
      default -> false;
    };
  }

  @Override
  protected Http2Session build(
      Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
    return new Http2Session(this, decoder, encoder, settings);
  }
}
