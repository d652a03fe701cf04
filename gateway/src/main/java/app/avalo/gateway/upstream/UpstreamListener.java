package app.avalo.gateway.upstream;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import org.jspecify.annotations.Nullable;

/** Told what comes from an upstream; on the loop, and never after the exchange has left it. */
public interface UpstreamListener {
  /** Early hints (RFC 8297); any number before the head. */
  void hints(Fields fields);

  /** The head of the final answer. */
  void head(int status, Fields fields);

  /** The connection became a tunnel, as asked; its socket is paused. */
  void switched(Fields fields, NetSocket socket);

  /** A piece of the body; comes even while paused, as far as it was on its way. */
  void chunk(Buffer chunk);

  /** Everything that had arrived has been told; what follows takes at least a moment. */
  void settled();

  /** The answer is complete. */
  void end(@Nullable Fields trailers);

  /** There will be no more of an answer, or none at all. */
  void lost(Loss loss);

  /** More can be written again. */
  void drained();
}
