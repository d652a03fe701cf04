package app.avalo.gateway.region.probe;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.probe.Prober.Outcome;
import app.avalo.gateway.region.probe.Prober.Result;
import io.netty.channel.ConnectTimeoutException;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.StreamResetException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.function.Consumer;

/** The one result of one check: whatever comes first, at the latest its time-out. */
final class Verdict {
  private final Ticker ticker;
  private final Consumer<Result> done;
  private final Timers.Timer deadline;
  private Runnable cleanUp = () -> {};
  private String stage = "not connected";
  private boolean over;
  private long askedNanos;
  private long roundTripNanos;

  Verdict(Timers timers, Ticker ticker, Duration timeout, Consumer<Result> done) {
    this.ticker = ticker;
    this.done = done;
    this.deadline =
        timers.after(
            timeout, () -> end(Outcome.SILENT, stage + " in " + timeout.toMillis() + " ms"));
  }

  boolean isOver() {
    return over;
  }

  /** From now on an answer is awaited; what to do when the check ends. */
  void connected(Runnable cleanUp) {
    stage = "no answer";
    this.cleanUp = cleanUp;
  }

  /** What is measured begins. */
  void asked() {
    askedNanos = ticker.nanos();
  }

  /** The first of an answer is there. */
  void heard() {
    roundTripNanos = ticker.nanos() - askedNanos;
  }

  void failed(Throwable cause) {
    end(outcome(cause), describe(cause));
  }

  void end(Outcome outcome, String detail) {
    if (!over) {
      over = true;
      deadline.cancel();
      cleanUp.run();
      done.accept(new Result(outcome, detail, roundTripNanos));
    }
  }

  private static Outcome outcome(Throwable cause) {
    String text = describe(cause);
    if (cause instanceof ConnectTimeoutException
        || cause instanceof UnknownHostException
        || cause instanceof NoRouteToHostException
        || text.contains("unreachable")) {
      return Outcome.SILENT; // nobody there said so: it may as well be this machine's network
    }
    boolean refused =
        cause instanceof HttpClosedException
            || cause instanceof StreamResetException
            || cause instanceof ConnectException
            || cause instanceof SocketException
            // Netty's native transports report ECONNRESET as a plain IOException of their own.
            || cause instanceof IOException && text.contains("reset by peer");
    return refused ? Outcome.REFUSED : Outcome.MISSED;
  }

  private static String describe(Throwable cause) {
    if (cause instanceof UnknownHostException) {
      return "unknown host";
    }
    String message = cause.getMessage();
    String text = message == null ? cause.getClass().getSimpleName() : message;
    return text.length() > 200 ? text.substring(0, 200) : text;
  }
}
