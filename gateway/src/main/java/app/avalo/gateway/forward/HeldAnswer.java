package app.avalo.gateway.forward;

import app.avalo.gateway.upstream.Fields;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An answer whose beginning is held back for a moment: while nothing of it went to the client, one
 * that breaks off can be replaced. Most answers come whole and are not delayed at all; what is
 * large, or takes its time, is let go.
 */
final class HeldAnswer implements Answer {
  /** Held at most; a large answer is broken off later than that. */
  static final int BYTES = 64 * 1024;

  /** Held no longer: a reset mostly follows at once, and this is no wait that anybody notices. */
  static final long NANOS = 50_000_000L;

  private final Forwarding forwarding;
  private final ResponseRelay relay;
  private final Fields head;
  private @Nullable Buffer first; // mostly the only one
  private @Nullable List<Buffer> more;
  private int bytes;
  private boolean released;

  HeldAnswer(Forwarding forwarding, ResponseRelay relay, Fields head) {
    this.forwarding = forwarding;
    this.relay = relay;
    this.head = head;
  }

  @Override
  public void chunk(Buffer chunk) {
    if (released) {
      relay.chunk(chunk);
      return;
    }
    bytes += chunk.length();
    if (first == null) {
      first = chunk;
    } else if (more != null || forwarding.forwarder().bodyRoom().take(BYTES)) {
      more = more == null ? new ArrayList<>() : more;
      more.add(chunk);
    } else {
      release();
      relay.chunk(chunk);
      return;
    }
    if (bytes > BYTES) {
      release();
    }
  }

  /** Lets go of it: from here on it goes to the client as it comes. */
  private void release() {
    if (released || forwarding.isOver()) {
      return;
    }
    released = true;
    forwarding.relay(relay, head);
    if (first != null) {
      relay.chunk(first);
    }
    if (more != null) {
      more.forEach(relay::chunk);
    }
    drop();
  }

  /** It was held for long enough; who waits for a body wants to know that it has begun. */
  void timeUp() {
    release();
    relay.settled();
  }

  /** Forgets what it holds. */
  void drop() {
    first = null;
    if (more != null) {
      more = null;
      forwarding.forwarder().bodyRoom().give(BYTES);
    }
  }

  @Override
  public void settled() {
    if (released) {
      relay.settled();
    }
  }

  @Override
  public void end(@Nullable Fields trailers) {
    release();
    relay.end(trailers);
  }

  @Override
  public void lost() {
    if (released) {
      relay.lost();
    } else {
      drop();
      forwarding.brokeOff(relay.attempt());
    }
  }
}
