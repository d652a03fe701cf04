package app.avalo.gateway.edge.client;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.unit.IpAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the connections of all loops, in all and per client address. Safe from every thread. */
public final class OpenConnections {
  private final AtomicInteger open = new AtomicInteger();
  private final Map<IpAddress, Integer> byAddress = new ConcurrentHashMap<>();

  /** Connections that are open now. */
  public int count() {
    return open.get();
  }

  /**
   * Counts one in, unless that would be over a ceiling.
   *
   * @param counted whether the address has a ceiling
   */
  boolean enter(IpAddress address, boolean counted, ListenerConfig.Connections ceilings) {
    if (open.incrementAndGet() > ceilings.open()) {
      open.decrementAndGet();
      return false;
    }
    if (counted && byAddress.merge(address, 1, Integer::sum) > ceilings.perAddress()) {
      leave(address, true);
      return false;
    }
    return true;
  }

  /** Counts one out that was counted in. */
  void leave(IpAddress address, boolean counted) {
    open.decrementAndGet();
    if (counted) {
      byAddress.computeIfPresent(address, (same, before) -> before == 1 ? null : before - 1);
    }
  }
}
