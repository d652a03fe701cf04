package app.avalo.gateway.forward.stream;

import io.vertx.core.buffer.Buffer;

/** Follows a stream to know where it may end so that its reader sees no part of anything. */
interface Boundary {
  /** Whether the stream may end before what comes next. */
  boolean isAt();

  /** Follows a whole chunk. */
  void pass(Buffer chunk);

  /** Follows a chunk as far as its first boundary; returns how many bytes that are. */
  int passToNext(Buffer chunk);
}
