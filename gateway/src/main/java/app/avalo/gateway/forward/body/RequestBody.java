package app.avalo.gateway.forward.body;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.client.UntoldBody;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.forward.head.Framing;
import app.avalo.gateway.upstream.UpstreamStream;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request on its way up. Small bodies of known length are collected first: head and
 * body leave in one write, a slow client cannot hold a connection, and it can be sent again. Others
 * stream with back-pressure; those of unknown length can be sent again until as much has passed.
 */
public final class RequestBody {
  /** Collected up to this size. */
  private static final int SMALL = 64 * 1024;

  private final Exchange exchange;
  private final HttpServerRequest request;
  private final Listener listener;
  private final BodyRoom room;
  private final Ticker ticker;
  private final long length;
  private final long ceiling;
  private boolean present;
  private boolean collecting;
  private int roomTaken;
  private @Nullable Buffer collected;
  private boolean growing;
  private @Nullable Buffer first; // of a body that streams, when it was waited for
  private @Nullable Passed passed; // of a body that streams, while it can be sent again
  private @Nullable MultiMap trailers;
  private @Nullable UpstreamStream sink;
  private boolean streaming;
  private long seenBytesIn;
  private boolean held;
  private @Nullable Pace pace; // from when it is first waited for
  private boolean stopped;
  private final @Nullable Toll toll;
  private boolean complete;

  /** Told what the body did; on the exchange's loop. */
  public interface Listener {
    /** A small body is complete, or it is known whether there is a body. */
    void collected();

    /** More bytes than the route allows. */
    void tooLarge();

    /** More bytes than can be paid. */
    void unpaid(GatewayError why);
  }

  public RequestBody(
      Exchange exchange,
      HttpServerRequest request,
      BodyRoom room,
      Ticker ticker,
      Listener listener) {
    this.exchange = exchange;
    this.request = request;
    this.room = room;
    this.ticker = ticker;
    this.listener = listener;
    this.ceiling = exchange.route().config().bodyBytes();
    this.length = Framing.length(request);
    this.present = isPresent(request);
    this.complete = !present;
    this.toll = Toll.of(exchange, length, ticker, listener::unpaid);
  }

  /** Whether a request has a body that will arrive, or may have one and has not said. */
  public static boolean isPresent(HttpServerRequest request) {
    return !request.isEnded()
        && (Framing.length(request) > 0
            || request.headers().contains(HttpHeaders.TRANSFER_ENCODING)
            || request.version() == HttpVersion.HTTP_2 && Framing.length(request) < 0);
  }

  /**
   * Invites a client that waits to be asked for its body (RFC 9110, 10.1.1).
   *
   * @return false if it expects what cannot be given
   */
  public boolean invite() {
    if (!request.headers().contains(HttpHeaders.EXPECT)) {
      return true;
    }
    if (!"100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      return false;
    }
    if (present && request.version() != HttpVersion.HTTP_1_0) {
      request.response().writeContinue();
    }
    return true;
  }

  public boolean isTooLarge() {
    return length > ceiling;
  }

  /** Whether it can be sent a second time: what has passed is still here. */
  public boolean isRepeatable() {
    return !present || collecting && complete || passed != null;
  }

  /** Whether there is none, or all of it is here and can be sent as often as need be. */
  public boolean isAtHand() {
    return !present || collecting && complete;
  }

  /** Whether every byte has arrived. */
  public boolean isComplete() {
    return complete;
  }

  /** Whether it still arrives: more has come since this was asked last. */
  public boolean isMoving() {
    boolean more = exchange.bytesIn() != seenBytesIn;
    seenBytesIn = exchange.bytesIn();
    return more && !complete;
  }

  /** Whether it is the client that has to do something next. */
  public boolean isAwaited() {
    return !complete && !held;
  }

  /** When to look again whether it comes too slowly. */
  public long nextCheckNanos(long nowNanos) {
    if (complete || exchange.grpc() != null) {
      return Pace.NEVER;
    }
    return pace == null
        ? nowNanos + exchange.bounds().body().window().toNanos()
        : pace.nextCheckNanos(nowNanos);
  }

  /** Whether the client sends it slower than the listener demands. */
  public boolean isSlow(long nowNanos) {
    return pace != null && !complete && pace.isSlow(nowNanos, exchange.bytesIn());
  }

  /** It is the client's turn; most bodies are here by then, and are not measured. */
  private void await() {
    if (complete || stopped || exchange.grpc() != null) {
      return;
    }
    if (pace == null) {
      pace = new Pace(exchange.bounds().body(), exchange.bytesIn());
    }
    pace.waits(ticker.nanos());
  }

  private void rest() {
    if (pace != null) {
      pace.rests(ticker.nanos());
    }
  }

  /**
   * Whether the body, or its first bytes, are waited for before the first attempt; takes room for
   * what is collected. An HTTP/2 request without a length says only by its next frame whether it
   * has a body at all: most have none, and are then as repeatable as over HTTP/1.1. A gRPC call
   * never waits: its first message may be an answer to what the service says first.
   */
  public boolean collects() {
    if (!present || collecting || exchange.grpc() != null) {
      return collecting;
    }
    boolean untold = length < 0 && request.version() == HttpVersion.HTTP_2;
    boolean small =
        length >= 0 ? length <= SMALL : untold && UntoldBody.isUsuallyEmpty(exchange.method());
    int wanted = length >= 0 ? (int) Math.min(length, SMALL) : SMALL;
    if (small && room.take(wanted)) {
      roomTaken = wanted;
      collecting = true;
    }
    return collecting || untold;
  }

  /** Begins to collect. */
  public void collect() {
    if (!collecting) {
      look();
      return;
    }
    request.handler(this::gather);
    request.endHandler(end -> whole(true));
    request.resume();
    await();
  }

  private void completed() {
    complete = true;
    trailers = RequestTrailers.of(request);
  }

  private void whole(boolean something) {
    completed();
    present = something || trailers != null;
    if (!stopped) {
      listener.collected();
    }
  }

  /** Waits for the first bytes, or for the end. */
  private void look() {
    request.handler(
        chunk -> {
          if (!stopped) {
            request.pause();
            rest();
            first = chunk;
            listener.collected();
          }
        });
    request.endHandler(end -> whole(false));
    request.resume();
    if (first == null && !held) {
      await();
    }
  }

  /** Counts what came; false when it goes no further, or not yet. */
  private boolean takes(Buffer chunk, long most, Handler<Buffer> to) {
    if (toll != null && !toll.takes(stopped ? 0 : chunk.length(), () -> again(chunk, to))) {
      sink = toll.isOver() ? null : sink;
      if (!stopped) {
        rest();
        request.pause();
      }
      return false;
    }
    exchange.addBytesIn(chunk.length());
    if (!stopped && exchange.bytesIn() > most) {
      sink = null;
      listener.tooLarge();
      return false;
    }
    return !stopped;
  }

  private void again(Buffer chunk, Handler<Buffer> to) {
    if (!stopped) {
      to.handle(chunk);
    }
    if (!held) {
      flow();
    }
  }

  private void gather(Buffer chunk) {
    if (!takes(chunk, Math.min(SMALL, ceiling), this::gather)) {
      return;
    }
    Buffer before = collected;
    if (before == null) {
      // The usual small body arrives in one piece and is kept as it is.
      collected = chunk;
      return;
    }
    if (!growing) {
      growing = true;
      collected = Buffer.buffer(before.length() + chunk.length()).appendBuffer(before);
    }
    collected.appendBuffer(chunk);
  }

  /** Says in the head of the upstream request how long it is, where that is known. */
  public void frame(MultiMap headers) {
    long known = collecting && trailers == null && collected != null ? collected.length() : length;
    if (known >= 0 && trailers == null) {
      headers.set(HttpHeaders.CONTENT_LENGTH, Long.toString(known));
    }
  }

  /** Sends it, or begins to, behind the head that leaves with it. */
  public void sendTo(UpstreamStream upstream) {
    if (!present || collecting) {
      upstream.end(collected, trailers);
      return;
    }
    sink = upstream;
    if (exchange.grpc() != null) {
      upstream.sendHead();
    }
    if (passed != null) {
      passed.sendTo(upstream);
    }
    if (!streaming) {
      stream();
    }
    if (complete) {
      upstream.end(null, trailers);
    } else if (!upstream.isFull()) {
      flow();
    }
  }

  private void stream() {
    streaming = true;
    if (length < 0 && room.take(SMALL)) {
      roomTaken = SMALL;
      passed = new Passed(SMALL);
    }
    Buffer waited = first;
    first = null;
    if (waited != null) {
      pass(waited);
    }
    if (!complete) {
      request.handler(this::pass);
      request.endHandler(
          end -> {
            completed();
            if (sink != null) {
              exchange.asked(ticker.nanos());
              sink.end(null, trailers);
            }
          });
    }
  }

  private void pass(Buffer chunk) {
    boolean taken = takes(chunk, ceiling, this::pass);
    if (taken && passed != null && !passed.keep(chunk)) {
      forget();
    }
    UpstreamStream upstream = taken ? sink : null;
    if (upstream != null) {
      upstream.write(chunk);
      if (upstream.isFull()) {
        hold();
      }
    }
  }

  private void hold() {
    held = true;
    rest();
    if (!complete) {
      request.pause();
    }
  }

  /** The upstream takes more again. */
  public void flow() {
    held = false;
    // A reset ends a request that is not complete.
    if (!complete && !request.isEnded() && (toll == null || !toll.isWaiting())) {
      request.resume();
      if (!held) {
        await();
      }
    }
  }

  /** This attempt is over; what arrives waits for the next one, or for the end. */
  public void leave(UpstreamStream upstream) {
    if (sink == upstream) {
      sink = null;
      hold();
    }
  }

  /** It will not be sent again. */
  public void forget() {
    if (passed != null) {
      passed = null;
      room.give(roomTaken);
      roomTaken = 0;
    }
  }

  /** Stops sending and keeping; what still arrives is thrown away. */
  public void stop() {
    stopped = true;
    sink = null;
    collected = null;
    first = null;
    passed = null;
    room.give(roomTaken);
    roomTaken = 0;
    flow();
  }
}
