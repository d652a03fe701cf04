package app.avalo.gateway.region;

import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;

/**
 * An event loop that now and then does not run, as on a machine with too much to do: what is due
 * meanwhile happens when it goes on, and what was heard comes before what was timed.
 */
final class SpurtingLoop implements Timers {
  private final VirtualTime time;
  private long stillUntilNanos;

  SpurtingLoop(VirtualTime time) {
    this.time = time;
  }

  /** Nothing runs from now on for a while. */
  void standStill(Duration span) {
    stillUntilNanos = Math.max(stillUntilNanos, time.nanos() + span.toNanos());
  }

  @Override
  public Timer after(Duration delay, Runnable action) {
    boolean[] cancelled = new boolean[1];
    time.after(
        delay,
        () ->
            whenRunning(
                1,
                () -> {
                  if (!cancelled[0]) {
                    action.run();
                  }
                }));
    return () -> cancelled[0] = true;
  }

  /** Something comes of what goes to and fro on the network, each time in a turn of the loop. */
  void heard(Duration eachTime, int times, Runnable action) {
    Runnable next = times == 1 ? action : () -> heard(eachTime, times - 1, action);
    time.after(eachTime, () -> whenRunning(0, next));
  }

  private void whenRunning(int nanosLater, Runnable action) {
    long wait = stillUntilNanos + nanosLater - time.nanos();
    if (wait <= 0) {
      action.run();
    } else {
      time.after(Duration.ofNanos(wait), () -> whenRunning(nanosLater, action));
    }
  }
}
