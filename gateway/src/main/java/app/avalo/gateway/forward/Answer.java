package app.avalo.gateway.forward;

import app.avalo.gateway.upstream.Fields;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** Where an upstream's answer goes, from its head on. */
interface Answer {
  /** A piece of its body. */
  void chunk(Buffer chunk);

  /** Everything that had arrived has been told; what follows takes at least a moment. */
  void settled();

  /** It is complete. */
  void end(@Nullable Fields trailers);

  /** The upstream is gone. */
  void lost();
}
