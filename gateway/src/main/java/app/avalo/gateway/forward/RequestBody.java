package app.avalo.gateway.forward;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.forward.head.Framing;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request on its way up. Small bodies of known length are collected first: the
 * upstream gets head and body in one write, a slow client cannot hold its connection, and the body
 * can be sent again. Larger ones stream with back-pressure, once.
 *
 * <p>An HTTP/2 request without a length says only by its next frame whether it has a body at all,
 * so that one is waited for: most have none, and are then as repeatable as over HTTP/1.1.
 */
final class RequestBody {
  /** Collected up to this size. */
  private static final int SMALL = 64 * 1024;

  private final Exchange exchange;
  private final HttpServerRequest request;
  private final Listener listener;
  private final long length;
  private final long ceiling;
  private boolean present;
  private @Nullable Buffer collected;
  private @Nullable Buffer first; // of a body that streams, when it was waited for
  private @Nullable HttpClientRequest sink;
  private boolean complete;

  /** Told what the body did; on the exchange's loop. */
  interface Listener {
    /** A small body is complete, or it is known whether there is a body. */
    void collected();

    /** More bytes than the route allows. */
    void tooLarge();
  }

  RequestBody(Exchange exchange, HttpServerRequest request, Listener listener) {
    this.exchange = exchange;
    this.request = request;
    this.listener = listener;
    this.ceiling = exchange.route().config().bodyBytes();
    this.length = Framing.length(request);
    this.present = Framing.expectsBody(request);
    this.complete = !present;
  }

  boolean isTooLarge() {
    return length > ceiling;
  }

  /** Whether it can be sent a second time. */
  boolean isRepeatable() {
    return !present || collected != null && complete;
  }

  /** Whether every byte has arrived. */
  boolean isComplete() {
    return complete;
  }

  /** Whether the body, or its first bytes, are waited for before the first attempt. */
  boolean collects() {
    return present && (length < 0 ? request.streamId() > 0 : length <= SMALL);
  }

  void collect() {
    if (length < 0) {
      look();
      return;
    }
    Buffer all = Buffer.buffer((int) length);
    collected = all;
    request.handler(
        chunk -> {
          exchange.addBytesIn(chunk.length());
          all.appendBuffer(chunk);
        });
    request.endHandler(
        end -> {
          complete = true;
          listener.collected();
        });
    request.resume();
  }

  /** Waits for the first bytes, or for the end. */
  private void look() {
    request.handler(
        chunk -> {
          request.pause();
          first = chunk;
          listener.collected();
        });
    request.endHandler(
        end -> {
          complete = true;
          present = false;
          listener.collected();
        });
    request.resume();
  }

  /** Sends it, or begins to. */
  void sendTo(HttpClientRequest upstream) {
    if (!present) {
      upstream.end();
      return;
    }
    Buffer whole = collected;
    if (whole != null) {
      upstream.headers().set(HttpHeaders.CONTENT_LENGTH, Integer.toString(whole.length()));
      upstream.end(whole);
      return;
    }
    if (length >= 0) {
      upstream.headers().set(HttpHeaders.CONTENT_LENGTH, Long.toString(length));
    } else {
      upstream.setChunked(true);
    }
    sink = upstream;
    request.handler(this::pass);
    request.endHandler(
        end -> {
          complete = true;
          if (sink != null) {
            sink.end();
          }
        });
    upstream.drainHandler(drained -> request.resume());
    Buffer waited = first;
    if (waited != null) {
      first = null;
      pass(waited);
    }
    if (!upstream.writeQueueFull()) {
      request.resume();
    }
  }

  private void pass(Buffer chunk) {
    exchange.addBytesIn(chunk.length());
    HttpClientRequest upstream = sink;
    if (upstream == null) {
      return;
    }
    if (exchange.bytesIn() > ceiling) {
      sink = null;
      listener.tooLarge();
      return;
    }
    upstream.write(chunk);
    if (upstream.writeQueueFull()) {
      request.pause();
    }
  }

  /** Stops sending; what still arrives is thrown away. */
  void stop() {
    sink = null;
    if (!complete) {
      request.resume();
    }
  }
}
