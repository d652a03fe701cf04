package app.avalo.gateway.websocket;

import app.avalo.gateway.deadline.DeadlineWheel;
import app.avalo.gateway.filter.limit.ConnectionCeiling;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/** The open WebSockets of one event loop, and the ceiling that all loops share. */
public final class WebSockets {
  /** Closing many at once would bring them all back at once. */
  private static final int CLOSED_PER_TICK = 50;

  private static final Duration TICK = Duration.ofMillis(20);

  private final ConnectionCeiling ceiling;
  private final Ticker ticker;
  private final Timers timers;
  private final DeadlineWheel deadlines;
  private final Set<Tunnel> open = new HashSet<>();

  public WebSockets(
      ConnectionCeiling ceiling, Ticker ticker, Timers timers, DeadlineWheel deadlines) {
    this.ceiling = ceiling;
    this.ticker = ticker;
    this.timers = timers;
    this.deadlines = deadlines;
  }

  /** Open WebSockets of all loops per service; whoever admits one acquires a place here. */
  public ConnectionCeiling ceiling() {
    return ceiling;
  }

  Ticker ticker() {
    return ticker;
  }

  DeadlineWheel deadlines() {
    return deadlines;
  }

  Timers timers() {
    return timers;
  }

  void opened(Tunnel tunnel) {
    open.add(tunnel);
  }

  void closed(Tunnel tunnel) {
    open.remove(tunnel);
    ceiling.release(tunnel.service());
  }

  /** WebSockets open on this loop. */
  public int open() {
    return open.size();
  }

  /** Closes those to a lost region with 1012, a few at a time. */
  public void moved(String region) {
    closeSome(Set.copyOf(open.stream().filter(t -> t.region().equals(region)).toList()));
  }

  /** Closes all with 1012, a few at a time. */
  public void drain() {
    closeSome(Set.copyOf(open));
  }

  private void closeSome(Set<Tunnel> left) {
    Set<Tunnel> rest = new HashSet<>(left);
    int closed = 0;
    for (Tunnel tunnel : left) {
      if (closed++ == CLOSED_PER_TICK) {
        break;
      }
      rest.remove(tunnel);
      tunnel.close(CloseFrame.RESTART);
    }
    if (!rest.isEmpty()) {
      timers.after(TICK, () -> closeSome(rest));
    }
  }
}
