package app.avalo.gateway.filter.pin.keep;

import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;

/** True time and what is to happen at which point of it; equal inputs give equal runs. */
final class VirtualTime {
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long nowNanos;
  private long order;

  private record Event(long atNanos, long order, Runnable task) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  static long millis(double millis) {
    return (long) (millis * TimeUnit.MILLISECONDS.toNanos(1));
  }

  long nanos() {
    return nowNanos;
  }

  void after(long nanos, Runnable task) {
    at(nowNanos + nanos, task);
  }

  void at(long nanos, Runnable task) {
    events.add(new Event(Math.max(nanos, nowNanos), order++, task));
  }

  void runUntil(long endNanos) {
    while (!events.isEmpty() && events.element().atNanos() <= endNanos) {
      Event event = events.remove();
      nowNanos = event.atNanos();
      event.task().run();
    }
    nowNanos = endNanos;
  }
}
