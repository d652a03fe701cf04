package app.avalo.gateway.forward;

import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.forward.head.HeaderCopy;
import app.avalo.gateway.region.EndpointHealth.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * An upstream's answer on its way down, byte for byte and with back-pressure. A body that ends
 * early never looks complete: the client's stream is reset.
 */
final class ResponseRelay {
  private final Forwarding forwarding;
  private final Attempt attempt;
  private final HttpClientResponse from;
  private final HttpServerResponse to;
  private final boolean endless;
  private final long idleNanos;
  private long received;
  private long activeNanos;
  private long length = -1;
  private boolean ended;
  private boolean waiting; // for the client to read on
  private boolean lost; // the upstream closed meanwhile
  private Future<Void> written = Future.succeededFuture();

  ResponseRelay(
      Forwarding forwarding, Attempt attempt, HttpClientResponse from, HttpServerResponse to) {
    this.forwarding = forwarding;
    this.attempt = attempt;
    this.from = from;
    this.to = to;
    this.endless = isEventStream(from.headers().get(HttpHeaders.CONTENT_TYPE));
    this.idleNanos = forwarding.timeouts().idle().toNanos();
    this.activeNanos = forwarding.forwarder().ticker().nanos();
  }

  private static long length(@Nullable String value) {
    if (value == null) {
      return -1;
    }
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException notDecimal) {
      return -1;
    }
  }

  private static boolean isEventStream(@Nullable String type) {
    return type != null && type.regionMatches(true, 0, "text/event-stream", 0, 17);
  }

  void start() {
    int status = from.statusCode();
    to.setStatusCode(status);
    HeaderCopy.down(from.headers(), to.headers());
    if (status == 204) {
      // RFC 9110, 8.6: no server may send it.
      to.headers().remove(HttpHeaders.CONTENT_LENGTH);
    }
    // Not the upstream's: what it listed in Connection is gone, its length maybe included.
    length = length(to.headers().get(HttpHeaders.CONTENT_LENGTH));
    boolean unframed = length < 0 && !isBodiless(status);
    if (!isHttp2() && (!forwarding.body().isComplete() || unframed && !isHttp11())) {
      // The rest of the request will not be read, so nothing may follow on this connection;
      // for HTTP/1.0 its end is the end of the body.
      to.headers().set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    forwarding
        .forwarder()
        .responder()
        .head(forwarding.exchange(), new Reply.Proxied(status, to.headers()));
    if (unframed && isHttp11()) {
      to.setChunked(true);
    }
    from.handler(this::chunk);
    from.endHandler(end -> end());
    from.exceptionHandler(failure -> upstreamLost());
  }

  private boolean isHttp2() {
    return forwarding.request().version() == HttpVersion.HTTP_2;
  }

  private boolean isHttp11() {
    return forwarding.request().version() == HttpVersion.HTTP_1_1;
  }

  private boolean isBodiless(int status) {
    return status == 204 || status == 304 || "HEAD".equals(forwarding.exchange().method());
  }

  private void chunk(Buffer chunk) {
    if (ended) {
      return;
    }
    int size = chunk.length();
    received += size;
    activeNanos = forwarding.forwarder().ticker().nanos();
    forwarding.exchange().addBytesOut(size);
    if (received == length) {
      // The last byte: head and body, or the rest of it, leave in one write.
      ended = true;
      written = to.end(chunk);
      if (lost) {
        // The client library does not tell the end of what it held when the upstream closed.
        end();
      }
      return;
    }
    to.write(chunk);
    if (to.writeQueueFull()) {
      waiting = true;
      from.pause();
      to.drainHandler(drained -> drained());
    }
  }

  private void drained() {
    activeNanos = forwarding.forwarder().ticker().nanos();
    waiting = false;
    from.resume();
    if (lost) {
      drainLost();
    }
  }

  /**
   * The client library tells of a close at once but may still hold what came before it, up to the
   * whole rest: goes on as long as that moves.
   */
  private void drainLost() {
    long before = received;
    Vertx.currentContext()
        .runOnContext(
            later -> {
              if (ended || waiting || forwarding.isOver()) {
                return;
              }
              if (received == before) {
                broken();
              } else {
                drainLost();
              }
            });
  }

  private void upstreamLost() {
    if (ended || forwarding.isOver()) {
      broken();
      return;
    }
    lost = true;
    if (!waiting) {
      drainLost();
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      if (length < 0 && mayHaveTrailers() && !from.trailers().isEmpty()) {
        HeaderCopy.down(from.trailers(), to.trailers());
      }
      written = to.end();
    }
    attempt.finish(isReusable());
    if (isHttp2() && !forwarding.body().isComplete()) {
      // What ends the exchange also ends the client's stream, so the answer must be out.
      written.onComplete(out -> forwarding.complete());
    } else {
      forwarding.complete();
    }
  }

  private boolean mayHaveTrailers() {
    return forwarding.request().version() != HttpVersion.HTTP_1_0 && !isBodiless(from.statusCode());
  }

  private boolean isReusable() {
    // A refused upgrade leaves the client's end of the connection waiting for more.
    return forwarding.body().isComplete()
        && !forwarding.isUpgrade()
        && from.version() == HttpVersion.HTTP_1_1
        && !from.headers().contains(HttpHeaders.CONNECTION, HttpHeaders.CLOSE, true);
  }

  private void broken() {
    if (forwarding.isOver()) {
      // Cut from this side: the client left, or the time was up. The endpoint is not to blame.
      attempt.finish(false);
      return;
    }
    if (ended) {
      attempt.finish(false);
      forwarding.complete();
      return;
    }
    ended = true;
    attempt.member().health().failed(Failure.RESET);
    attempt.finish(false);
    forwarding.cutOff(new GatewayError(Kind.UPSTREAM_RESET, "The service cut its answer off."));
  }

  /** When to look again whether this goes on. */
  long nextCheckNanos() {
    long idle = activeNanos + idleNanos;
    return endless ? idle : Math.min(idle, forwarding.exchange().deadlineNanos());
  }

  /** Whose fault it is that nothing moves. */
  GatewayError stall() {
    return waiting
        ? new GatewayError(Kind.CLIENT_GONE, "The client does not read its answer.")
        : new GatewayError(Kind.UPSTREAM_TIMEOUT, "The answer stalled.");
  }

  /** Whether nothing moved for too long, or the whole takes too long. */
  boolean isStalled(long now) {
    return now - nextCheckNanos() >= 0;
  }
}
