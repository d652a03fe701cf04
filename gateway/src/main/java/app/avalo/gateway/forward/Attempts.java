package app.avalo.gateway.forward;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.forward.choice.Destination;
import app.avalo.gateway.forward.choice.Destinations;
import app.avalo.gateway.forward.choice.Search;
import app.avalo.gateway.forward.choice.Tries;
import app.avalo.gateway.region.EndpointHealth.Failure;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one exchange until one of them is answered: chooses a region, tries it, moves on
 * where that is safe.
 *
 * <p>A request may move on when nothing of it was sent or the upstream did nothing with it, or when
 * its method may be repeated, each time with its body still here; never once a byte of an answer
 * went to the client.
 */
final class Attempts implements Search.Listener {
  /** Between two looks at a suspected region. */
  private static final long RECHECK_NANOS = 20_000_000L;

  private final Forwarding forwarding;
  private final Exchange exchange;
  private final Tries tries;
  private final Search search;
  private Step step = Step.CHOOSING;
  private @Nullable Attempt current;
  private GatewayError lastError = Errors.NO_REGION;

  private enum Step {
    CHOOSING,
    WAITING,
    TRYING,
    OVER
  }

  Attempts(Forwarding forwarding, Exchange exchange, Destinations destinations) {
    this.forwarding = forwarding;
    this.exchange = exchange;
    this.tries = new Tries(exchange, destinations, forwarding.body());
    this.search = new Search(exchange, destinations, tries, forwarding.forwarder().ticker(), this);
  }

  /** Looks for a region, and begins an attempt there. */
  void next() {
    step = Step.CHOOSING;
    search.next();
  }

  @Override
  public void found(Destination destination) {
    Attempt last = current;
    int random = forwarding.forwarder().random();
    begin(destination, destination.pick(last == null ? null : last.member(), random)).start();
  }

  @Override
  public void notYet() {
    step = Step.WAITING;
    forwarding.until(now() + RECHECK_NANOS);
  }

  @Override
  public void moving() {
    forwarding.until(exchange.deadlineNanos());
  }

  @Override
  public void nowhere(boolean homeUnknown) {
    forwarding.answer(homeUnknown ? Errors.HOME_UNKNOWN : lastError);
  }

  private Attempt begin(Destination destination, Destination.Member member) {
    step = Step.TRYING;
    exchange.attempt(destination.region());
    Attempt made = new Attempt(forwarding, destination, member, tries.patienceNanos());
    current = made;
    ServiceConfig service = Objects.requireNonNull(exchange.target()).service().config();
    forwarding.until(now() + made.connectNanos(service));
    return made;
  }

  /** The request went onto a connection. */
  void sent(Attempt by) {
    tries.sent();
    exchange.sent();
    forwarding.until(by.nextCheckNanos(now()));
  }

  /** An attempt ended without the head of an answer. */
  void failed(Attempt by, Failure failure, GatewayError error, boolean wasSent) {
    if (!isUnderWay(by)) {
      return;
    }
    if (CallDeadline.isDue(exchange, now())) {
      forwarding.answer(Errors.LATE);
    } else if (by.wasRefused()) {
      moveOn(by, Errors.REFUSED, wasSent);
    } else if (by.wasStale() && tries.mayReplace(wasSent)) {
      begin(by.destination(), by.member()).startAgain();
    } else {
      by.member().health().failed(failure);
      moveOn(by, error, wasSent);
    }
  }

  /** The endpoint is not to blame: this gateway has too many connections to it. */
  void refused(Attempt by, GatewayError error) {
    if (isUnderWay(by)) {
      moveOn(by, error, false);
    }
  }

  private boolean isUnderWay(Attempt by) {
    return by == current && step == Step.TRYING;
  }

  private void moveOn(Attempt from, GatewayError error, boolean wasSent) {
    lastError = error;
    if (!tries.canMoveOn(from.destination(), wasSent, now())) {
      forwarding.answer(error);
    } else {
      leave(from);
    }
  }

  private void leave(Attempt from) {
    forwarding.forwarder().countRetry();
    from.finish();
    tries.leave(from.destination());
    next();
  }

  /**
   * Whether the answer that an attempt got is the one to relay. Moves on if it is a failure in
   * disguise; lets go of what nobody waits for.
   */
  boolean isAnswered(Attempt by, int status) {
    if (!isUnderWay(by)) {
      by.finish();
      return false;
    }
    if (!exchange.route().config().retry().statuses().contains(status)) {
      by.member().health().succeeded();
    } else {
      by.member().health().failed(Failure.BAD_ANSWER);
      if (tries.mayRepeat() && tries.canMoveOn(by.destination(), true, now())) {
        lastError = Errors.BAD_ANSWERS;
        leave(by);
        return false;
      }
    }
    step = Step.OVER;
    return true;
  }

  /** The time has come that was waited for. */
  void expired(long now) {
    switch (step) {
      case WAITING -> {
        if (now < exchange.deadlineNanos()) {
          next();
        } else {
          forwarding.answer(lastError);
        }
      }
      case CHOOSING -> forwarding.answer(Errors.HOME_UNKNOWN);
      case TRYING -> expired(Objects.requireNonNull(current), now);
      case OVER -> {}
    }
  }

  private void expired(Attempt attempt, long now) {
    if (attempt.isSent() && !attempt.isTimed() && now < exchange.deadlineNanos()) {
      forwarding.bodyExpired(now);
      return;
    }
    GatewayError error =
        forwarding.body().isAwaited() && attempt.isSent() ? Errors.SLOW_BODY : Errors.LATE;
    if (now >= exchange.deadlineNanos()) {
      if (CallDeadline.isStretched(exchange, forwarding.body())) {
        forwarding.stretch(now + CallDeadline.stretchNanos(exchange));
      } else {
        forwarding.answer(error);
      }
      return;
    }
    attempt.member().health().failed(Failure.TIMEOUT);
    if (!attempt.isSent()) {
      moveOn(attempt, error, false);
    } else if (tries.canMoveOn(attempt.destination(), true, now)) {
      lastError = error;
      leave(attempt);
    } else {
      forwarding.until(exchange.deadlineNanos());
    }
  }

  /** Ends them all, the answered one too. */
  void stop() {
    step = Step.OVER;
    search.stop();
    if (current != null) {
      current.finish();
    }
  }

  private long now() {
    return forwarding.forwarder().ticker().nanos();
  }
}
