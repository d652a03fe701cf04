package app.avalo.gateway.forward.stream;

import io.vertx.core.buffer.Buffer;

/** Where one event of {@code text/event-stream} is over: behind an empty line. */
final class EventBoundary implements Boundary {
  private static final int LONGEST_END = 4;

  private int last = pair('\n', '\n'); // four bytes that went before

  private static int pair(char first, char second) {
    return first << 8 | second;
  }

  @Override
  public boolean isAt() {
    int two = last & 0xffff;
    return two == pair('\n', '\n')
        || two == pair('\r', '\r')
        || two == pair('\r', '\n') && last >>> 16 == pair('\r', '\n');
  }

  @Override
  public void pass(Buffer chunk) {
    for (int i = Math.max(0, chunk.length() - LONGEST_END); i < chunk.length(); i++) {
      follow(chunk, i);
    }
  }

  private void follow(Buffer chunk, int at) {
    last = last << 8 | chunk.getByte(at) & 0xff;
  }

  @Override
  public int passToNext(Buffer chunk) {
    int at = 0;
    while (at < chunk.length()) {
      follow(chunk, at++);
      if (isAt()) {
        break;
      }
    }
    return at;
  }
}
