package app.avalo.gateway.filter.limit;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts open WebSockets per service in this process. Safe from every thread. */
public final class ConnectionCeiling {
  private final ConcurrentHashMap<String, AtomicInteger> open = new ConcurrentHashMap<>();

  /**
   * Counts one more, unless as many as the ceiling are open. The ceiling comes with each call, so a
   * reload holds at once; it never closes what is open.
   */
  public boolean tryAcquire(String service, int ceiling) {
    AtomicInteger count = open.computeIfAbsent(service, name -> new AtomicInteger());
    int now = count.get();
    while (now < ceiling) {
      if (count.compareAndSet(now, now + 1)) {
        return true;
      }
      now = count.get();
    }
    return false;
  }

  /** One that was acquired is closed; call exactly once for each. */
  public void release(String service) {
    AtomicInteger count = open.get(service);
    if (count == null || count.decrementAndGet() < 0) {
      throw new IllegalStateException(service + ": released more often than acquired");
    }
  }

  /** Open now, by service. */
  public Map<String, Integer> open() {
    Map<String, Integer> counts = new TreeMap<>();
    open.forEach((service, count) -> counts.put(service, count.get()));
    return counts;
  }
}
