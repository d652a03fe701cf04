package app.avalo.gateway.filter.time;

import io.vertx.core.Vertx;
import java.time.Duration;

/** Runs something later, on the event loop that asked. */
public interface Timers {
  /** Timers of a Vert.x instance. */
  static Timers of(Vertx vertx) {
    return (delay, task) -> {
      long id = vertx.setTimer(Math.max(1, delay.toMillis()), fired -> task.run());
      return () -> vertx.cancelTimer(id);
    };
  }

  /** Runs the task once after the delay. */
  Timer after(Duration delay, Runnable task);

  /** A task that has not run yet. */
  interface Timer {
    /** Stops it; nothing happens if it ran already. */
    void cancel();
  }
}
