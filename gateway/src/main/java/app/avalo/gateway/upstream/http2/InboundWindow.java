package app.avalo.gateway.upstream.http2;

import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * How much an endpoint may have on its way over one HTTP/2 connection. Bytes that slow clients hold
 * back count against the connection's window and would stop everybody once it is full; so it grows,
 * within a bound, as long as a quarter of it is held. What others have read is given back in small
 * steps: the codec's own half of the window may never be reached next to what is held, and then
 * nothing moves any more.
 */
final class InboundWindow {
  private static final int CEILING = 32 << 20;

  /** No more than this is read and not given back. */
  private static final int STEP = 1 << 20;

  private final Http2Stream whole;
  private final DefaultHttp2LocalFlowController flow;
  private int bytes;
  private int held;

  InboundWindow(Http2Connection connection, Http2ConnectionDecoder decoder) {
    this.whole = connection.connectionStream();
    // The codec's only kind, and the only one that can be told when to give back.
    this.flow = (DefaultHttp2LocalFlowController) decoder.flowController();
  }

  /** Opens the window to its first size; once the connection's settings are sent. */
  void open(int size) throws Http2Exception {
    grow(size - flow.windowSize(whole), size);
  }

  void hold(int size) throws Http2Exception {
    held += size;
    if (held > bytes / 4 && bytes < CEILING) {
      grow(bytes, 2 * bytes);
    }
  }

  private void grow(int more, int size) throws Http2Exception {
    bytes = size;
    flow.incrementWindowSize(whole, more);
    flow.windowUpdateRatio(whole, 1 - (float) STEP / size);
  }

  /** Whether so much is held that those who come now had better use another connection. */
  boolean isCrowded() {
    return held > CEILING / 2;
  }

  /** Gives back what was held for a stream; nothing more for one that is closed. */
  void release(Http2Stream stream, int size) throws Http2Exception {
    held -= size;
    flow.consumeBytes(stream, size);
  }
}
