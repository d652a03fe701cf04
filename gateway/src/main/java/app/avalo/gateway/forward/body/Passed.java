package app.avalo.gateway.forward.body;

import app.avalo.gateway.upstream.UpstreamStream;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;

/** The beginning of a body that streams, kept so that it can be sent again. */
final class Passed {
  private final int most;
  private final List<Buffer> chunks = new ArrayList<>(2);
  private int bytes;

  Passed(int most) {
    this.most = most;
  }

  /** Keeps a chunk; false when that would be too much. */
  boolean keep(Buffer chunk) {
    bytes += chunk.length();
    return bytes <= most && chunks.add(chunk);
  }

  void sendTo(UpstreamStream upstream) {
    for (Buffer chunk : chunks) {
      upstream.write(chunk);
    }
  }
}
