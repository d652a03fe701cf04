package app.avalo.gateway.filter.pin.keep;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;

/** The roads between gateways and store: slow, lossy, doubling, never in order. */
final class Network {
  private final VirtualTime time;
  private final SplittableRandom random;
  private final Set<String> cut = new HashSet<>();
  private double trouble;

  Network(VirtualTime time, SplittableRandom random) {
    this.time = time;
    this.random = random;
  }

  VirtualTime time() {
    return time;
  }

  /** How much goes wrong, 0 to 1. */
  void trouble(double share) {
    trouble = share;
  }

  void cut(String gateway, boolean now) {
    if (now) {
      cut.add(gateway);
    } else {
      cut.remove(gateway);
    }
  }

  boolean isCut(String gateway) {
    return cut.contains(gateway);
  }

  /** Carries something to or from a gateway: never, once or twice. */
  void send(String gateway, Runnable arrival) {
    if (cut.contains(gateway) || random.nextDouble() < 0.1 * trouble) {
      return;
    }
    time.after(delay(), arrival);
    if (random.nextDouble() < 0.05 * trouble) {
      time.after(delay(), arrival);
    }
  }

  /** Milliseconds mostly, now and then up to two seconds. */
  long delay() {
    return random.nextDouble() < 0.08 * trouble
        ? VirtualTime.millis(random.nextDouble(2000))
        : VirtualTime.millis(0.2 + random.nextDouble(3));
  }
}
