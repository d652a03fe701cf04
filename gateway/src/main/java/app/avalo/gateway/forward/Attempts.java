package app.avalo.gateway.forward;

import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.forward.choice.Destination;
import app.avalo.gateway.forward.choice.Destinations;
import app.avalo.gateway.forward.choice.Member;
import app.avalo.gateway.forward.choice.Search;
import app.avalo.gateway.forward.choice.Tries;
import app.avalo.gateway.forward.head.RetryAfter;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.upstream.Fields;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one exchange until one of them is answered: chooses a region, tries it, moves on
 * where that is safe.
 *
 * <p>A request may move on when nothing of it was sent or the upstream did nothing with it, or when
 * its method may be repeated, each time with its body still here; never once a byte of an answer
 * went to the client. What is late, and changes nothing, is asked of a second place as well; the
 * first answer counts.
 */
final class Attempts implements Search.Listener {
  /** Between two looks at a suspected region. */
  private static final long RECHECK_NANOS = 20_000_000L;

  private static final long NEVER = Long.MAX_VALUE;

  /** Between two looks whether there is a place to ask as well. */
  private static final long AGAIN_NANOS = 100_000_000L;

  /** What a connection may take, where none is open, before the request counts as late. */
  private static final long CONNECT_NANOS = 100_000_000L;

  private final Forwarding forwarding;
  private final Exchange exchange;
  private final Tries tries;
  private final Search search;
  private Step step = Step.CHOOSING;
  private @Nullable Attempt current;
  private @Nullable Attempt rival; // asked as well, because the current one is late
  private long hedgeNanos = NEVER; // when to ask a rival
  private boolean bad; // whether the answer is a failure that has to be passed on
  private long headNanos; // from the request to the head of the answer
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
    this.search =
        new Search(
            exchange,
            destinations,
            tries,
            forwarding.forwarder().ticker(),
            forwarding.forwarder().waiting(),
            this);
  }

  /** Looks for a region, and begins an attempt there. */
  void next() {
    step = Step.CHOOSING;
    search.next();
  }

  @Override
  public void found(Destination destination) {
    long now = now();
    Member avoided = current == null ? null : current.member();
    begin(destination, pick(destination, avoided, now), now).start();
  }

  private Member pick(Destination destination, @Nullable Member avoided, long now) {
    return destination.pick(avoided, exchange, forwarding.forwarder().random(), now);
  }

  @Override
  public void notYet() {
    step = Step.WAITING;
    forwarding.until(now() + RECHECK_NANOS);
  }

  @Override
  public void nowhere(boolean closed) {
    forwarding.answer(closed ? Errors.NOT_OPEN : lastError);
  }

  private Attempt begin(Destination destination, Member member, long now) {
    step = Step.TRYING;
    rival = null;
    hedgeAfter(CONNECT_NANOS, now);
    Attempt made = attempt(destination, member, now);
    current = made;
    lookAgain();
    return made;
  }

  private Attempt attempt(Destination destination, Member member, long now) {
    exchange.attempt(destination.region());
    Attempt made = new Attempt(forwarding, destination, member, tries.patienceNanos());
    made.begun(Objects.requireNonNull(exchange.target()).service().config(), now);
    return made;
  }

  private void hedgeAfter(long graceNanos, long now) {
    long late = forwarding.isUpgrade() ? 0 : tries.hedgeNanos();
    hedgeNanos = late == 0 ? NEVER : now + late + graceNanos;
  }

  /** The request went onto a connection. */
  void sent(Attempt by) {
    long now = now();
    tries.sent();
    exchange.sent();
    if (forwarding.body().isComplete()) {
      exchange.asked(now);
    }
    by.sent(now);
    if (rival == null) {
      hedgeAfter(0, now);
    }
    lookAgain();
  }

  private void lookAgain() {
    long due = Math.min(hedgeNanos, Objects.requireNonNull(current).dueNanos());
    forwarding.until(rival == null ? due : Math.min(due, rival.dueNanos()));
  }

  /** Asks another place as well (Dean and Barroso, The Tail at Scale). */
  private void hedge(Attempt late, long now) {
    hedgeNanos = now + AGAIN_NANOS;
    Destination to = tries.hedge(late.destination(), now);
    Member member = to == null ? null : pick(to, late.member(), now);
    if (to == null || member == late.member()) {
      lookAgain();
      return;
    }
    forwarding.forwarder().countRetry();
    Attempt made = attempt(to, Objects.requireNonNull(member), now);
    exchange.hedged();
    rival = made;
    hedgeNanos = NEVER;
    lookAgain();
    made.start();
  }

  /** Lets go of one of two attempts; the other one goes on alone. */
  private void drop(Attempt failed) {
    failed.finish();
    current = failed == current ? rival : current;
    rival = null;
    tries.leave(failed.destination());
    exchange.servedBy(Objects.requireNonNull(current).destination().region());
    lookAgain();
  }

  /** An attempt ended without the head of an answer. */
  void failed(Attempt by, Failure failure, GatewayError error, boolean wasSent) {
    if (!isUnderWay(by)) {
      return;
    }
    if (by.isSent() && !wasSent) {
      exchange.unsent();
      BudgetHold hold = exchange.budget();
      if (hold != null) {
        hold.unsent();
      }
    }
    if (CallDeadline.isDue(exchange, now())) {
      forwarding.answer(Errors.LATE);
    } else if (rival != null) {
      if (!by.wasRefused() && !by.wasStale()) {
        by.member().health().failed(failure);
      }
      drop(by);
    } else if (by.wasRefused()) {
      moveOn(by, Errors.REFUSED, wasSent);
    } else if (by.wasStale() && tries.mayReplace(wasSent)) {
      lastError = error;
      begin(by.destination(), by.member(), now()).startAgain();
    } else {
      by.member().health().failed(failure);
      moveOn(by, error, wasSent);
    }
  }

  /** The user may no longer be written to there; nothing was sent. */
  void closed(Attempt by) {
    if (isUnderWay(by)) {
      by.finish();
      next();
    }
  }

  /**
   * Whether there is money for it where an earlier attempt may have cost; if not, what became of
   * that one stands.
   */
  boolean isPaid(Attempt by) {
    BudgetHold hold = exchange.budget();
    if (hold == null || !exchange.wasSent() || hold.again(exchange)) {
      return true;
    }
    if (rival != null) {
      drop(by);
    } else {
      forwarding.answer(lastError);
    }
    return false;
  }

  /** The endpoint is not to blame: this gateway has too many connections to it. */
  void refused(Attempt by, GatewayError error) {
    if (isUnderWay(by) && rival != null) {
      drop(by);
    } else if (isUnderWay(by)) {
      moveOn(by, error, false);
    }
  }

  private boolean isUnderWay(Attempt by) {
    return (by == current || by == rival) && step == Step.TRYING;
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
  boolean isAnswered(Attempt by, int status, Fields fields, long now) {
    if (!isUnderWay(by)) {
      by.finish();
      return false;
    }
    bad = status >= 400 && exchange.route().config().retry().statuses().contains(status);
    if (bad) {
      blame(by, RetryAfter.seconds(status, fields));
      if (rival != null) {
        drop(by);
        return false;
      }
      if (tries.mayRepeat() && tries.canMoveOn(by.destination(), true, now)) {
        lastError = Errors.BAD_ANSWERS;
        leave(by);
        return false;
      }
    }
    won(by, now);
    return true;
  }

  /** Who asks to be spared has not failed. */
  private static void blame(Attempt by, int spareSeconds) {
    if (spareSeconds > 0) {
      by.member().health().spare(spareSeconds);
    } else {
      by.member().health().failed(Failure.BAD_ANSWER);
    }
  }

  private void won(Attempt by, long now) {
    step = Step.OVER;
    headNanos = now - by.sentNanos();
    if (!bad) {
      tries.answered(by.destination(), by.member(), by.sentNanos(), now);
    }
    Attempt other = by == current ? rival : current;
    if (other != null) {
      other.finish();
      if (other.isSent() && other.sentNanos() < by.sentNanos()) {
        other.member().outrun(other.sentNanos(), now);
      }
      current = by;
      rival = null;
      exchange.servedBy(by.destination().region());
    }
  }

  /** Whether the beginning of the answer is held back, so that it can be replaced. */
  boolean mayReplaceAnswer() {
    return !bad && tries.mayReplaceAnswer();
  }

  /** The answer is passed on. */
  void accepted() {
    if (!bad) {
      Objects.requireNonNull(current).member().health().succeeded(headNanos);
    }
  }

  /** The answer ended early, and nothing of it was passed on. */
  void brokeOff(Attempt by) {
    step = Step.TRYING;
    by.finish();
    by.member().health().failed(Failure.RESET);
    moveOn(by, Errors.BROKEN_OFF, true);
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
      case CHOOSING -> {}
      case TRYING -> tryingExpired(Objects.requireNonNull(current), now);
      case OVER -> {}
    }
  }

  private void tryingExpired(Attempt first, long now) {
    Attempt second = rival;
    if (now >= exchange.deadlineNanos() || now >= first.dueNanos()) {
      expired(first, now);
    } else if (second != null && now >= second.dueNanos()) {
      expired(second, now);
    } else if (now >= hedgeNanos) {
      hedge(first, now);
    } else {
      lookAgain();
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
    if (rival != null) {
      drop(attempt);
    } else if (!attempt.isSent()) {
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
    if (rival != null) {
      rival.finish();
    }
  }

  private long now() {
    return forwarding.forwarder().ticker().nanos();
  }
}
