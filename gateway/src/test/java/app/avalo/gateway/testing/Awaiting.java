package app.avalo.gateway.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for something to become true that nothing can be asked to announce. */
public final class Awaiting {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private Awaiting() {}

  /** Looks every few milliseconds; fails after ten seconds. */
  public static void until(BooleanSupplier condition) {
    Instant late = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      if (Instant.now().isAfter(late)) {
        throw new AssertionError("not true after " + PATIENCE);
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}
