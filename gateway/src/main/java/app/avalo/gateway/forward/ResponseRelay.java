package app.avalo.gateway.forward;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.client.GrpcCall;
import app.avalo.gateway.forward.body.Pace;
import app.avalo.gateway.forward.head.HeaderCopy;
import app.avalo.gateway.forward.head.Trailers;
import app.avalo.gateway.forward.stream.Leaving;
import app.avalo.gateway.forward.stream.Metered;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.upstream.Fields;
import io.netty.util.AsciiString;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An upstream's answer on its way down, byte for byte and with back-pressure. A body that ends
 * early never looks complete: the client's stream is reset.
 */
final class ResponseRelay implements Answer, Metered.Reader {
  private static final GatewayError UNREAD =
      new GatewayError(Kind.CLIENT_GONE, "The client does not read its answer.");
  private static final GatewayError UNREAD_ENOUGH =
      new GatewayError(Kind.CLIENT_GONE, "The client reads its answer too slowly.");
  private static final GatewayError STALLED =
      new GatewayError(Kind.UPSTREAM_TIMEOUT, "The answer stalled.");

  private static final String EVENTS = "text/event-stream";

  private final Forwarding forwarding;
  private final Attempt attempt;
  private final int status;
  private final HttpServerResponse to;
  private final long idleNanos;
  private final boolean endless; // as a stream of events is
  private long received;
  private long activeNanos;
  private long length = -1;
  private boolean ended;
  private boolean waiting; // for the client to read on
  private @Nullable Pace pace; // of a client that was waited for
  private @Nullable Metered metered; // from the head on
  private @Nullable Leaving leaving; // from the head on
  private Future<Void> written = Future.succeededFuture();

  ResponseRelay(
      Forwarding forwarding, Attempt attempt, int status, Fields fields, HttpServerResponse to) {
    this.forwarding = forwarding;
    this.attempt = attempt;
    this.status = status;
    this.endless = isEventStream(fields);
    this.to = to;
    this.idleNanos = forwarding.exchange().route().config().timeouts().idle().toNanos();
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

  private static boolean isEventStream(Fields fields) {
    for (Map.Entry<CharSequence, CharSequence> field : fields) {
      if (AsciiString.contentEqualsIgnoreCase(field.getKey(), HttpHeaders.CONTENT_TYPE)) {
        return field.getValue().toString().regionMatches(true, 0, EVENTS, 0, EVENTS.length());
      }
    }
    return false;
  }

  /** Whether the head begins a stream of events, of which every moment counts. */
  boolean isEventStream() {
    return endless;
  }

  Attempt attempt() {
    return attempt;
  }

  void start(Fields fields) {
    to.setStatusCode(status);
    HeaderCopy.down(fields, to.headers());
    if (status == 204) {
      // RFC 9110, 8.6: no server may send it.
      to.headers().remove(HttpHeaders.CONTENT_LENGTH);
    }
    boolean plain = !to.headers().contains(HttpHeaders.CONTENT_ENCODING);
    // Not the upstream's: what it listed in Connection is gone, its length maybe included.
    length = length(to.headers().get(HttpHeaders.CONTENT_LENGTH));
    boolean events = endless && plain && length < 0;
    metered = Metered.of(forwarding.exchange(), events, this);
    leaving = Leaving.of(forwarding.exchange(), events);
    boolean unframed = length < 0 && !isBodiless();
    if (!isHttp2() && (!forwarding.body().isComplete() || unframed && !isHttp11())) {
      // The rest of the request will not be read, so nothing may follow on this connection;
      // for HTTP/1.0 its end is the end of the body.
      to.headers().set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    forwarding.forwarder().responder().head(forwarding.exchange(), status, to.headers());
    if (unframed && isHttp11()) {
      to.setChunked(true);
    }
  }

  private boolean isHttp2() {
    return forwarding.request().version() == HttpVersion.HTTP_2;
  }

  private boolean isHttp11() {
    return forwarding.request().version() == HttpVersion.HTTP_1_1;
  }

  private boolean isBodiless() {
    return status == 204 || status == 304 || "HEAD".equals(forwarding.exchange().method());
  }

  /** The body takes its time; who reads a stream wants to know that it has begun. */
  @Override
  public void settled() {
    if (!ended && !to.headWritten() && !isBodiless() && (isHttp2() || isHttp11())) {
      if (isHttp11() && to.isChunked()) {
        to.headers().set(HttpHeaders.TRANSFER_ENCODING, HttpHeaders.CHUNKED);
      }
      to.writeHead();
    }
  }

  @Override
  public void chunk(Buffer chunk) {
    if (ended || isBodiless()) {
      // HTTP/2 cannot keep a service from sending what must not be there.
      return;
    }
    activeNanos = forwarding.forwarder().ticker().nanos();
    Metered meter = metered;
    if (meter != null && meter.keeps(chunk, activeNanos)) {
      attempt.pause();
      return;
    }
    Leaving leave = leaving;
    if (leave != null) {
      int passing = leave.passing(chunk, activeNanos);
      if (leave.isOver(activeNanos)) {
        away(chunk.getBuffer(0, passing));
        return;
      }
    }
    if (meter != null) {
      int paid = meter.passing(chunk);
      if (meter.isOver()) {
        spent(meter, chunk.getBuffer(0, paid));
        return;
      }
    }
    pass(chunk);
  }

  @Override
  public void readOn() {
    boolean unpaid = metered != null && metered.isWaiting();
    if (!waiting && !unpaid && !isDone()) {
      attempt.resume();
    }
  }

  @Override
  public boolean isDone() {
    return ended || forwarding.isOver();
  }

  private void pass(Buffer chunk) {
    int size = chunk.length();
    received += size;
    forwarding.exchange().addBytesOut(size);
    if (received == length) {
      // The last byte: head and body, or the rest of it, leave in one write.
      ended = true;
      written = to.end(chunk);
      return;
    }
    to.write(chunk);
    if (to.writeQueueFull() && !waiting) {
      waits();
      attempt.pause();
      to.drainHandler(drained -> drained());
    }
  }

  /** Whether its user may move while it flows. */
  boolean mayLeave() {
    return leaving != null;
  }

  /** Gives it a turn to end if its user has moved; returns whether it did. */
  boolean leaves(LongSupplier turn) {
    if (ended || leaving == null || !leaving.isDue()) {
      return false;
    }
    leaving.at(turn.getAsLong());
    return true;
  }

  /** Ends it if its turn has come; returns whether it did. */
  boolean hasLeft(long now) {
    if (ended || leaving == null) {
      return false;
    }
    if (leaving.isOver(now)) {
      away(Buffer.buffer());
      return true;
    }
    if (leaving.isStuck(now)) {
      ended = true;
      forwarding.cutOff(Errors.MOVED);
      return true;
    }
    return false;
  }

  private void away(Buffer last) {
    ended = true;
    write(last);
    forwarding.sendAway();
  }

  private void write(Buffer last) {
    if (last.length() > 0) {
      forwarding.exchange().addBytesOut(last.length());
      to.write(last);
    }
  }

  /** Nothing more can be paid: the last that was is passed on, and the reader told if it can be. */
  private void spent(Metered meter, Buffer last) {
    ended = true;
    write(last);
    GatewayError why = Objects.requireNonNull(meter.why());
    if (meter.endsWell()) {
      forwarding.endStream(why);
    } else {
      forwarding.cutOff(why);
    }
  }

  /** Streams of events and calls give what there is when there is some. */
  private void waits() {
    waiting = true;
    if (endless || forwarding.exchange().grpc() != null) {
      return;
    }
    if (pace == null) {
      Exchange exchange = forwarding.exchange();
      pace = new Pace(exchange.bounds().answer(), exchange.bytesOut());
    }
    pace.waits(activeNanos);
  }

  private void drained() {
    activeNanos = forwarding.forwarder().ticker().nanos();
    if (waiting) {
      waiting = false;
      if (pace != null) {
        pace.rests(activeNanos);
      }
      readOn();
    }
  }

  @Override
  public void end(@Nullable Fields trailers) {
    if (!ended && metered != null && metered.keepsEnd(trailers)) {
      return;
    }
    if (!ended) {
      ended = true;
      if (trailers != null) {
        trailers(trailers);
      }
      written = to.end();
    }
    attempt.finish();
    if (isHttp2() && !forwarding.body().isComplete()) {
      // What ends the exchange also ends the client's stream, so the answer must be out.
      written.onComplete(out -> forwarding.complete());
    } else {
      forwarding.complete();
    }
  }

  private void trailers(Fields said) {
    MultiMap trailers = HttpHeaders.headers();
    Trailers.down(said, trailers);
    forwarding.exchange().trailers(trailers);
    if (length < 0 && mayHaveTrailers()) {
      to.trailers().addAll(trailers);
    }
  }

  private boolean mayHaveTrailers() {
    return (isHttp2() || isHttp11()) && !isBodiless();
  }

  /** The upstream is gone. */
  @Override
  public void lost() {
    attempt.finish();
    if (ended) {
      forwarding.complete();
    } else if (!forwarding.isOver()) {
      ended = true;
      attempt.member().health().failed(Failure.RESET);
      forwarding.cutOff(Errors.BROKEN_OFF);
    }
  }

  /** When to look again whether this goes on. */
  long nextCheckNanos(long now) {
    long slow =
        pace == null
            ? now + forwarding.exchange().bounds().answer().window().toNanos()
            : pace.nextCheckNanos(now);
    long unpaid = metered == null ? Long.MAX_VALUE : metered.nextNanos(now);
    long turn = leaving == null ? Long.MAX_VALUE : leaving.nextNanos(now);
    return Math.min(
        Math.min(Math.min(turn, unpaid), Math.min(endNanos(), slow)),
        forwarding.body().nextCheckNanos(now));
  }

  /** When it is over if nothing moves until then. */
  private long endNanos() {
    return Math.min(activeNanos + idleNanos, lastNanos());
  }

  /** When it has to be over, however well it goes. */
  private long lastNanos() {
    GrpcCall call = forwarding.exchange().grpc();
    if (call == null) {
      return endless ? activeNanos + Pace.NEVER : forwarding.exchange().deadlineNanos();
    }
    return call.timeoutNanos() == 0
        ? activeNanos + Pace.NEVER
        : forwarding.exchange().startNanos() + call.timeoutNanos();
  }

  /** Ends it, if it flows by the second and nothing more can be paid; returns whether it did. */
  boolean endsUnpaid(long now) {
    if (ended || metered == null || !metered.isSpent(now)) {
      return false;
    }
    spent(metered, Buffer.buffer());
    return true;
  }

  /** Ends it as soon as it may, because no more of the request can be paid. */
  void endUnpaid(GatewayError why) {
    Metered meter = Objects.requireNonNull(metered, "what is not metered costs nothing");
    meter.end(why);
    if (!ended && meter.isOver()) {
      spent(meter, Buffer.buffer());
    }
  }

  /** Why it ends here: nothing moved for too long, too little did, or the whole takes too long. */
  @Nullable GatewayError stall(long now) {
    if (forwarding.body().isSlow(now)) {
      return Errors.SLOW_BODY;
    }
    if (pace != null && pace.isSlow(now, forwarding.exchange().bytesOut())) {
      return UNREAD_ENOUGH;
    }
    if (forwarding.body().isMoving()) {
      // Who listens while the client speaks need not say anything.
      activeNanos = now;
    }
    if (now - endNanos() < 0) {
      return null;
    }
    return waiting ? UNREAD : STALLED;
  }
}
