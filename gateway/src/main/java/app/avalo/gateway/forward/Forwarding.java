package app.avalo.gateway.forward;

import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.deadline.Deadline;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.forward.body.RequestBody;
import app.avalo.gateway.forward.choice.Destination;
import app.avalo.gateway.forward.choice.Destinations;
import app.avalo.gateway.forward.choice.Search;
import app.avalo.gateway.forward.choice.Tries;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.upstream.Fields;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.NetSocket;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One exchange on its way: chooses a region, tries it, moves on where that is safe, relays the
 * answer. A small state machine; its own deadline.
 *
 * <p>A request may move on when nothing of it was sent or the upstream did nothing with it, or when
 * its method may be repeated, each time with its body still here; never once a byte of an answer
 * went to the client.
 */
final class Forwarding extends Deadline implements RequestBody.Listener, Search.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Forwarding.class);

  /** Between two looks at a suspected region. */
  private static final long RECHECK_NANOS = 20_000_000L;

  /** RFC 9113, 7: NO_ERROR, which is the default, would make half an answer look intended. */
  private static final long INTERNAL_ERROR = 2;

  private final Forwarder forwarder;
  private final Exchange exchange;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Destinations destinations;
  private final Service service;
  private final RequestBody body;
  private final Tries tries;
  private final Search search;
  private final boolean upgrade;
  private Phase phase = Phase.COLLECTING;
  private @Nullable Attempt attempt;
  private @Nullable ResponseRelay relay;
  private GatewayError lastError = Errors.NO_REGION;

  private enum Phase {
    COLLECTING,
    CHOOSING,
    WAITING,
    TRYING,
    RELAYING,
    OVER
  }

  Forwarding(
      Forwarder forwarder,
      Exchange exchange,
      HttpServerRequest request,
      Destinations destinations,
      boolean upgrade) {
    this.forwarder = forwarder;
    this.exchange = exchange;
    this.request = request;
    this.response = request.response();
    this.destinations = destinations;
    this.service = Objects.requireNonNull(exchange.target()).service();
    this.body = new RequestBody(exchange, request, forwarder.bodyRoom(), forwarder.ticker(), this);
    this.tries = new Tries(exchange, destinations, body);
    this.search = new Search(exchange, destinations, tries, forwarder.ticker(), this);
    this.upgrade = upgrade;
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
    destinations.earn(service);
    if (body.collects()) {
      body.collect();
      if (phase == Phase.COLLECTING) {
        until(body.nextCheckNanos(now()));
      }
    } else {
      choose();
    }
  }

  @Override
  public void collected() {
    if (phase == Phase.COLLECTING) {
      choose();
    }
  }

  @Override
  public void tooLarge() {
    answer(Errors.tooLarge(exchange.route()));
  }

  private void choose() {
    phase = Phase.CHOOSING;
    search.next();
  }

  @Override
  public void found(Destination destination) {
    Attempt last = attempt;
    attempt(destination, destination.pick(last == null ? null : last.member(), forwarder.random()))
        .start();
  }

  @Override
  public void notYet() {
    phase = Phase.WAITING;
    until(now() + RECHECK_NANOS);
  }

  @Override
  public void moving() {
    forwarder.deadlines().set(this, exchange.deadlineNanos());
  }

  @Override
  public void nowhere(boolean homeUnknown) {
    answer(homeUnknown ? Errors.HOME_UNKNOWN : lastError);
  }

  private Attempt attempt(Destination destination, Destination.Member member) {
    phase = Phase.TRYING;
    exchange.attempt(destination.region());
    Attempt made = new Attempt(this, destination, member, tries.patienceNanos());
    attempt = made;
    until(now() + made.connectNanos(service.config()));
    return made;
  }

  void sent(Attempt by) {
    tries.sent();
    exchange.sent();
    until(by.nextCheckNanos(now()));
  }

  private void until(long nanos) {
    forwarder.deadlines().set(this, Math.min(nanos, exchange.deadlineNanos()));
  }

  /** An attempt ended without the head of an answer. */
  void failed(Attempt by, Failure failure, GatewayError error, boolean wasSent) {
    if (by != attempt || phase != Phase.TRYING) {
      return;
    }
    if (CallDeadline.isDue(exchange, now())) {
      answer(Errors.LATE);
    } else if (by.wasRefused()) {
      moveOn(by, Errors.REFUSED, wasSent);
    } else if (by.wasStale() && tries.mayReplace(wasSent)) {
      attempt(by.destination(), by.member()).startAgain();
    } else {
      by.member().health().failed(failure);
      moveOn(by, error, wasSent);
    }
  }

  /** The endpoint is not to blame: this gateway has too many connections to it. */
  void refused(Attempt by, GatewayError error) {
    if (by == attempt && phase == Phase.TRYING) {
      moveOn(by, error, false);
    }
  }

  private void moveOn(Attempt from, GatewayError error, boolean wasSent) {
    lastError = error;
    if (!tries.canMoveOn(from.destination(), wasSent, now())) {
      answer(error);
    } else {
      leave(from);
    }
  }

  private void leave(Attempt from) {
    forwarder.countRetry();
    from.finish();
    tries.leave(from.destination());
    choose();
  }

  /**
   * The head of an answer arrived; relays it, or moves on if it is a failure in disguise.
   *
   * @return where the rest of the answer goes, or null when nobody wants it
   */
  @Nullable ResponseRelay head(Attempt by, int status, Fields fields) {
    if (by != attempt || phase != Phase.TRYING) {
      by.finish();
      return null;
    }
    if (!exchange.route().config().retry().statuses().contains(status)) {
      by.member().health().succeeded();
    } else {
      by.member().health().failed(Failure.BAD_ANSWER);
      if (tries.mayRepeat() && tries.canMoveOn(by.destination(), true, now())) {
        lastError = Errors.BAD_ANSWERS;
        leave(by);
        return null;
      }
    }
    exchange.firstByteNanos(now());
    phase = Phase.RELAYING;
    body.forget();
    ResponseRelay made = new ResponseRelay(this, by, status, response);
    relay = made;
    forwarder.deadlines().set(this, made.nextCheckNanos(exchange.firstByteNanos()));
    made.start(fields);
    return made;
  }

  /** Both sides agreed to leave HTTP. */
  void switched(Attempt by, Fields fields, NetSocket socket) {
    if (by != attempt || phase != Phase.TRYING) {
      by.finish();
      return;
    }
    by.member().health().succeeded();
    exchange.firstByteNanos(now());
    phase = Phase.OVER;
    forwarder.deadlines().cancel(this);
    Upgrade.complete(forwarder, exchange, by, fields, socket);
  }

  @Override
  protected void expired() {
    long now = now();
    switch (phase) {
      case WAITING -> {
        if (now < exchange.deadlineNanos()) {
          choose();
        } else {
          answer(lastError);
        }
      }
      case TRYING -> tryingExpired(now);
      case RELAYING -> {
        ResponseRelay current = Objects.requireNonNull(relay);
        GatewayError stall = current.stall(now);
        if (stall != null) {
          cutOff(stall);
        } else {
          forwarder.deadlines().set(this, current.nextCheckNanos(now));
        }
      }
      case COLLECTING -> bodyExpired(now);
      case CHOOSING -> answer(Errors.HOME_UNKNOWN);
      case OVER -> {}
    }
  }

  private void bodyExpired(long now) {
    if (now >= exchange.deadlineNanos() || body.isSlow(now)) {
      answer(Errors.SLOW_BODY);
    } else {
      until(body.nextCheckNanos(now));
    }
  }

  private void tryingExpired(long now) {
    Attempt current = Objects.requireNonNull(attempt);
    if (current.isSent() && !current.isTimed() && now < exchange.deadlineNanos()) {
      bodyExpired(now);
      return;
    }
    GatewayError error = body.isAwaited() && current.isSent() ? Errors.SLOW_BODY : Errors.LATE;
    if (now >= exchange.deadlineNanos()) {
      if (CallDeadline.isStretched(exchange, body)) {
        forwarder.deadlines().set(this, now + CallDeadline.stretchNanos(exchange));
      } else {
        answer(error);
      }
      return;
    }
    current.member().health().failed(Failure.TIMEOUT);
    if (!current.isSent()) {
      moveOn(current, error, false);
    } else if (tries.canMoveOn(current.destination(), true, now)) {
      lastError = error;
      leave(current);
    } else {
      forwarder.deadlines().set(this, exchange.deadlineNanos());
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
  private void answer(GatewayError error) {
    if (phase == Phase.RELAYING) {
      cutOff(error);
      return;
    }
    if (phase != Phase.OVER) {
      end();
      forwarder.responder().local(exchange, Reply.Local.of(error));
    }
  }

  /** The answer cannot be completed: the client must see that it is not. */
  void cutOff(GatewayError error) {
    if (phase != Phase.OVER) {
      end();
      response.reset(INTERNAL_ERROR);
      forwarder.responder().done(exchange, error);
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
    if (upgrade) {
      forwarder.webSockets().ceiling().release(service.name());
    }
    forwarder.deadlines().cancel(this);
    search.stop();
    body.stop();
    if (attempt != null) {
      attempt.finish();
    }
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
    return upgrade;
  }

  RequestBody body() {
    return body;
  }
}
