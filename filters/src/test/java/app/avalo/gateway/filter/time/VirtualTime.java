package app.avalo.gateway.filter.time;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A clock that moves only when told, and timers that run in its order. One thread. */
public final class VirtualTime implements Ticker, Timers {
  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::due).thenComparingLong(Task::number));
  private long epochMillisAtStart;
  private long nanos;
  private long numbers;

  /** Starts at 2026-11-21T00:00:00Z. */
  public VirtualTime() {
    this(1_795_219_200_000L);
  }

  public VirtualTime(long epochMillisAtStart) {
    this.epochMillisAtStart = epochMillisAtStart;
  }

  private record Task(long due, long number, Runnable action) {}

  @Override
  public long nanos() {
    return nanos;
  }

  @Override
  public long epochMillis() {
    return epochMillisAtStart + nanos / 1_000_000;
  }

  /** Sets the wall clock forward, or back, while no time passes. */
  public void leap(Duration span) {
    epochMillisAtStart += span.toMillis();
  }

  @Override
  public Timer after(Duration delay, Runnable action) {
    Task task = new Task(nanos + Math.max(0, delay.toNanos()), numbers++, action);
    tasks.add(task);
    return () -> tasks.remove(task);
  }

  /** Lets time pass; everything due runs, in order, at its own time. */
  public void advance(Duration span) {
    long end = nanos + span.toNanos();
    while (!tasks.isEmpty() && tasks.peek().due() <= end) {
      Task next = tasks.remove();
      nanos = Math.max(nanos, next.due());
      next.action().run();
    }
    nanos = end;
  }
}
