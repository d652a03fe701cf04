package app.avalo.gateway.forward;

import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.deadline.Deadline;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Full;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Place;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Verdict;
import app.avalo.gateway.forward.body.RequestBody;
import app.avalo.gateway.forward.choice.Destinations;
import app.avalo.gateway.upstream.Fields;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.NetSocket;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One exchange on its way: collects its body, tries regions, relays the answer; ends exactly once,
 * however it ends. A small state machine; its own deadline.
 */
final class Forwarding extends Deadline implements RequestBody.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Forwarding.class);

  private final Forwarder forwarder;
  private final Exchange exchange;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Destinations destinations;
  private final Service service;
  private final RequestBody body;
  private final Attempts attempts;
  private final @Nullable Place place; // of the WebSocket that it asks to become
  private @Nullable Place
      stream; // of a gRPC call from the start, else of events from their head on
  private Phase phase = Phase.COLLECTING;
  private @Nullable HeldAnswer held;
  private @Nullable ResponseRelay relay;

  private enum Phase {
    COLLECTING,
    TRYING,
    HOLDING,
    RELAYING,
    OVER
  }

  Forwarding(
      Forwarder forwarder,
      Exchange exchange,
      HttpServerRequest request,
      Destinations destinations,
      @Nullable Place place,
      @Nullable Place stream) {
    this.forwarder = forwarder;
    this.exchange = exchange;
    this.request = request;
    this.response = request.response();
    this.destinations = destinations;
    this.service = Objects.requireNonNull(exchange.target()).service();
    this.body = new RequestBody(exchange, request, forwarder.bodyRoom(), forwarder.ticker(), this);
    this.attempts = new Attempts(this, exchange, destinations);
    this.place = place;
    this.stream = stream;
  }

  void start() {
    if (response.closed()) {
      // A filter took its time, and the client did not wait.
      clientGone();
      return;
    }
    if (body.isTooLarge()) {
      tooLarge();
      return;
    }
    response.closeHandler(gone -> clientGone());
    response.exceptionHandler(failure -> clientGone());
    request.exceptionHandler(failure -> clientGone());
    if (!body.invite()) {
      answer(Errors.EXPECTATION);
      return;
    }
    destinations.earn(service, exchange.startNanos());
    if (body.collects()) {
      body.collect();
      if (phase == Phase.COLLECTING) {
        until(body.nextCheckNanos(now()));
      }
    } else {
      tryIt();
    }
  }

  @Override
  public void collected() {
    if (phase == Phase.COLLECTING) {
      tryIt();
    }
  }

  private void tryIt() {
    phase = Phase.TRYING;
    attempts.next();
  }

  @Override
  public void tooLarge() {
    answer(Errors.tooLarge(exchange.route()));
  }

  @Override
  public void unpaid(GatewayError why) {
    if (relay != null && phase == Phase.RELAYING) {
      relay.endUnpaid(why);
    } else {
      answer(why);
    }
  }

  /** Looks again then, or at the end of its time. */
  void until(long nanos) {
    forwarder.deadlines().set(this, Math.min(nanos, exchange.deadlineNanos()));
  }

  /** Looks again then, whenever its time was to end. */
  void stretch(long nanos) {
    forwarder.deadlines().set(this, nanos);
  }

  /**
   * The head of an answer arrived; relays it, or moves on if it is a failure in disguise.
   *
   * @return where the rest of the answer goes, or null when nobody wants it
   */
  @Nullable Answer head(Attempt by, int status, Fields fields) {
    long now = now();
    if (!attempts.isAnswered(by, status, fields, now)) {
      return null;
    }
    exchange.firstByteNanos(now);
    ResponseRelay made = new ResponseRelay(this, by, status, fields, response);
    if (made.isEventStream() && stream == null) {
      Verdict verdict = forwarder.stream(exchange, service);
      if (verdict instanceof Full full) {
        answer(Errors.tooManyStreams(service, full));
        return null;
      }
      stream = (Place) verdict;
    }
    if (place != null || !attempts.mayReplaceAnswer() || made.isEventStream()) {
      relay(made, fields);
      return made;
    }
    HeldAnswer holding = new HeldAnswer(this, made, fields);
    held = holding;
    phase = Phase.HOLDING;
    until(now + HeldAnswer.NANOS);
    return holding;
  }

  /** Begins to pass an answer on. */
  void relay(ResponseRelay made, Fields fields) {
    attempts.accepted();
    phase = Phase.RELAYING;
    body.forget();
    relay = made;
    made.start(fields);
    if (made.mayLeave()) {
      forwarder.streams().add(this);
      follow();
    }
    forwarder.deadlines().set(this, made.nextCheckNanos(exchange.firstByteNanos()));
  }

  /** Its user may have moved: what flows for him here ends at its turn. */
  void follow() {
    ResponseRelay current = relay;
    if (phase == Phase.RELAYING
        && current != null
        && current.leaves(forwarder.webSockets()::nextTurn)) {
      forwarder.deadlines().set(this, current.nextCheckNanos(now()));
    }
  }

  /** An answer ended early of which the client has seen nothing. */
  void brokeOff(Attempt by) {
    if (phase == Phase.HOLDING) {
      phase = Phase.TRYING;
      attempts.brokeOff(by);
    }
  }

  /** Both sides agreed to leave HTTP. */
  void switched(Attempt by, Fields fields, NetSocket socket) {
    long now = now();
    if (!attempts.isAnswered(by, Upgrade.SWITCHING_PROTOCOLS, fields, now)) {
      return;
    }
    attempts.accepted();
    exchange.firstByteNanos(now);
    phase = Phase.OVER;
    forwarder.deadlines().cancel(this);
    Upgrade.complete(forwarder, exchange, by, fields, Objects.requireNonNull(place), socket);
  }

  @Override
  protected void expired() {
    long now = now();
    switch (phase) {
      case TRYING -> attempts.expired(now);
      case HOLDING -> Objects.requireNonNull(held).timeUp();
      case RELAYING -> {
        ResponseRelay current = Objects.requireNonNull(relay);
        if (current.endsUnpaid(now) || current.hasLeft(now)) {
          return;
        }
        GatewayError stall = current.stall(now);
        if (stall != null) {
          cutOff(stall);
        } else {
          forwarder.deadlines().set(this, current.nextCheckNanos(now));
        }
      }
      case COLLECTING -> bodyExpired(now);
      case OVER -> {}
    }
  }

  /** The body may have stopped, or only be slow. */
  void bodyExpired(long now) {
    if (now >= exchange.deadlineNanos() || body.isSlow(now)) {
      answer(Errors.SLOW_BODY);
    } else {
      until(body.nextCheckNanos(now));
    }
  }

  private void clientGone() {
    // A stream of HTTP/2 closes as its answer is completed, before the upstream's end is told.
    if (phase == Phase.OVER || response.ended()) {
      return;
    }
    end();
    forwarder.responder().done(exchange, Errors.CLIENT_GONE);
  }

  /** Answers with a problem; nothing has been written yet. */
  void answer(GatewayError error) {
    if (phase == Phase.RELAYING) {
      cutOff(error);
      return;
    }
    if (phase != Phase.OVER) {
      end();
      forwarder.responder().local(exchange, Reply.Local.of(error));
    }
  }

  /** The answer cannot be completed. */
  void cutOff(GatewayError error) {
    if (phase != Phase.OVER) {
      end();
      forwarder.responder().cutOff(exchange, error);
    }
  }

  /** Nobody pays for more of a stream, which ends between two of its events. */
  void endStream(GatewayError why) {
    if (phase != Phase.OVER) {
      end();
      forwarder.responder().endStream(exchange, why);
    }
  }

  /** Its reader comes back, to where the user is by then. */
  void sendAway() {
    if (phase != Phase.OVER) {
      end();
      forwarder.responder().sendAway(exchange);
    }
  }

  /** Something here went wrong that must not leave the exchange hanging. */
  void defect(RuntimeException defect) {
    LOG.atError()
        .setCause(defect)
        .addKeyValue("requestId", exchange.head().id())
        .log("forwarding failed");
    answer(Errors.DEFECT);
  }

  boolean isOver() {
    return phase == Phase.OVER;
  }

  /** The answer went out whole. */
  void complete() {
    if (phase != Phase.OVER) {
      end();
      forwarder.responder().done(exchange, null);
    }
  }

  private void end() {
    phase = Phase.OVER;
    if (place != null) {
      place.release();
    }
    if (stream != null) {
      stream.release();
    }
    forwarder.deadlines().cancel(this);
    if (relay != null && relay.mayLeave()) {
      forwarder.streams().remove(this);
    }
    if (held != null) {
      held.drop();
    }
    body.stop();
    attempts.stop();
  }

  private long now() {
    return forwarder.ticker().nanos();
  }

  Forwarder forwarder() {
    return forwarder;
  }

  Exchange exchange() {
    return exchange;
  }

  HttpServerRequest request() {
    return request;
  }

  boolean isUpgrade() {
    return place != null;
  }

  RequestBody body() {
    return body;
  }

  Attempts attempts() {
    return attempts;
  }
}
