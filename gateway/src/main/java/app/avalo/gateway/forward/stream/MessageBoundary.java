package app.avalo.gateway.forward.stream;

import io.vertx.core.buffer.Buffer;

/** Where one message of gRPC is over: a byte of flags and four of length go before each. */
final class MessageBoundary implements Boundary {
  private static final int PREFIX = 5;

  private int prefixAt;
  private long length;
  private long left;

  @Override
  public boolean isAt() {
    return prefixAt == 0 && left == 0;
  }

  @Override
  public void pass(Buffer chunk) {
    for (int at = 0; at < chunk.length(); ) {
      at = step(chunk, at);
    }
  }

  @Override
  public int passToNext(Buffer chunk) {
    int at = 0;
    while (at < chunk.length()) {
      at = step(chunk, at);
      if (isAt()) {
        break;
      }
    }
    return at;
  }

  private int step(Buffer chunk, int at) {
    if (left > 0) {
      int skipped = (int) Math.min(left, chunk.length() - at);
      left -= skipped;
      return at + skipped;
    }
    length = prefixAt == 0 ? 0 : length << 8 | chunk.getByte(at) & 0xff;
    if (++prefixAt == PREFIX) {
      prefixAt = 0;
      left = length;
    }
    return at + 1;
  }
}
