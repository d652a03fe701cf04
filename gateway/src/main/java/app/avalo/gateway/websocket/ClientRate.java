package app.avalo.gateway.websocket;

import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Place;
import app.avalo.gateway.filter.limit.open.MessageMeter;
import app.avalo.gateway.filter.time.Timers;
import java.time.Duration;

/**
 * How fast the client of a tunnel may talk: whoever is ahead of the rate is not read for as long,
 * and not waited for when that is too far.
 */
final class ClientRate {
  /** Pings and pongs, which say nothing to the service. */
  private static final Rate CONTROLS = new Rate(20, Duration.ofSeconds(1));

  private final MessageMeter messages;
  private final MessageMeter controls;
  private final Place place;
  private final Timers timers;
  private final Runnable over;
  private boolean ahead;

  /**
   * Nothing said yet.
   *
   * @param rate of messages of this connection; those of its user are metered by its place
   * @param over run when it may be read again
   */
  ClientRate(Rate rate, Place place, Timers timers, long nowNanos, Runnable over) {
    this.messages = MessageMeter.of(rate, nowNanos);
    this.controls = MessageMeter.of(CONTROLS, nowNanos);
    this.place = place;
    this.timers = timers;
    this.over = over;
  }

  /** Whether the client is ahead, and is not to be read. */
  boolean isAhead() {
    return ahead;
  }

  /**
   * Charges what has come.
   *
   * @return how long the client is not to be read, 0 when it may, {@link MessageMeter#TOO_FAR} when
   *     it is not waited for
   */
  long take(int said, int pings, long nowNanos) {
    long nanos = pings == 0 ? 0 : controls.take(pings, nowNanos);
    if (said > 0) {
      nanos = Math.max(nanos, Math.max(messages.take(said, nowNanos), place.take(said, nowNanos)));
    }
    if (nanos > 0 && nanos != MessageMeter.TOO_FAR && !ahead) {
      ahead = true;
      timers.after(
          Duration.ofNanos(nanos),
          () -> {
            ahead = false;
            over.run();
          });
    }
    return nanos;
  }
}
