package app.avalo.gateway.upstream.http2;

import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * How much an endpoint may have on its way over one HTTP/2 connection. Bytes that slow clients hold
 * back count against the connection's window and would stop everybody once it is full; so it grows,
 * within a bound, as long as half of it is held.
 */
final class InboundWindow {
  private static final int CEILING = 32 << 20;

  private final Http2Connection connection;
  private final Http2ConnectionDecoder decoder;
  private int bytes;
  private int held;

  InboundWindow(Http2Connection connection, Http2ConnectionDecoder decoder) {
    this.connection = connection;
    this.decoder = decoder;
  }

  /** Opens the window to its first size; once the connection's settings are sent. */
  void open(int size) throws Http2Exception {
    Http2Stream whole = connection.connectionStream();
    bytes = size;
    decoder
        .flowController()
        .incrementWindowSize(whole, size - decoder.flowController().windowSize(whole));
  }

  void hold(int size) throws Http2Exception {
    held += size;
    if (held > bytes / 2 && bytes < CEILING) {
      decoder.flowController().incrementWindowSize(connection.connectionStream(), bytes);
      bytes *= 2;
    }
  }

  /** Gives back what was held for a stream; nothing more for one that is closed. */
  void release(Http2Stream stream, int size) throws Http2Exception {
    held -= size;
    decoder.flowController().consumeBytes(stream, size);
  }
}
