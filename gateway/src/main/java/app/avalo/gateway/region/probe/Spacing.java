package app.avalo.gateway.region.probe;

import app.avalo.gateway.config.ServiceConfig.CheckTimes;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** How far the checks of an endpoint are apart. */
public enum Spacing {
  /** All is well: the interval, a fifth more or less, so that gateways do not ask together. */
  BASE,
  /** A verdict is sought. */
  BURST,
  /** It is lost or leaves, and its return is awaited: 1 s by default. */
  RECOVERY;

  /** Of a lost endpoint's checks, in burst intervals. */
  private static final int RECOVERY_BURSTS = 5;

  public Duration of(CheckTimes times, RandomGenerator random) {
    return switch (this) {
      case BASE ->
          Duration.ofNanos((long) (times.interval().toNanos() * (0.8 + 0.4 * random.nextDouble())));
      case BURST -> times.burstInterval();
      case RECOVERY -> times.burstInterval().multipliedBy(RECOVERY_BURSTS);
    };
  }
}
