package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The way of one event loop to Redis, and what it has to say there that no request waits for. Of
 * those errands a few are under way at a time: the link holds 512 calls, and those of requests have
 * the rest of it, however much there is to be told after an outage.
 */
public final class LoopLink {
  static final int AT_ONCE = 64;
  private static final Duration PAUSE = Duration.ofMillis(10);

  private final ScriptRunner redis;
  private final String prefix;
  private final Ticker ticker;
  private final Debts debts;
  private final ArrayDeque<Errand> errands = new ArrayDeque<>();
  private int underWay;
  private boolean sending;
  private boolean pausing;

  /**
   * Nothing to be said yet.
   *
   * @param prefix of keys in Redis
   */
  public LoopLink(ScriptRunner redis, String prefix, Ticker ticker) {
    this.redis = redis;
    this.prefix = prefix;
    this.ticker = ticker;
    this.debts = new Debts(ticker);
  }

  /** A call that can wait. */
  interface Errand {
    /** Sends it; null when there is nothing to be sent any more. */
    @Nullable Future<Void> send();
  }

  public ScriptRunner redis() {
    return redis;
  }

  public String prefix() {
    return prefix;
  }

  Debts debts() {
    return debts;
  }

  Ticker ticker() {
    return ticker;
  }

  /** To be sent by {@link #send}, before all others if it cannot wait long. */
  void add(Errand errand, boolean soon) {
    if (soon) {
      errands.addFirst(errand);
    } else {
      errands.addLast(errand);
    }
  }

  /** Sends what may be sent now; the rest follows as answers come. */
  void send() {
    if (sending) {
      return; // the turn that is under way goes on
    }
    sending = true;
    while (underWay < AT_ONCE && !pausing && !errands.isEmpty()) {
      Future<Void> over = errands.remove().send();
      if (over != null) {
        underWay++;
        over.onComplete(
            done -> {
              underWay--;
              send();
            });
      }
    }
    sending = false;
  }

  /** A call could not be sent: the next would not either, for a moment. */
  void pause() {
    if (!pausing) {
      pausing = true;
      redis
          .timers()
          .after(
              PAUSE,
              () -> {
                pausing = false;
                send();
              });
    }
  }
}
