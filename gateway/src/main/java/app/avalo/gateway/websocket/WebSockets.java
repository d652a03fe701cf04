package app.avalo.gateway.websocket;

import app.avalo.gateway.deadline.DeadlineWheel;
import app.avalo.gateway.filter.limit.open.Ceilings;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;

/** The open WebSockets of one event loop, and the ceilings that all loops share. */
public final class WebSockets {
  /** Clients a second that come back, to where all of them go, without hurting anybody there. */
  private static final long ADMITTED_PER_SECOND = 5000;

  private static final long SECOND_NANOS = 1_000_000_000L;

  private final Ceilings ceilings;
  private final Ticker ticker;
  private final Timers timers;
  private final DeadlineWheel deadlines;
  private final Set<Tunnel> open = new HashSet<>();
  private final SplittableRandom random;
  private final long gapNanos; // on average, between two that this loop tells to move
  private long turnNanos; // of the one that was told last

  /** Those of one of so many loops. */
  public WebSockets(
      Ceilings ceilings, Ticker ticker, Timers timers, DeadlineWheel deadlines, int loops) {
    this.ceilings = ceilings;
    this.ticker = ticker;
    this.timers = timers;
    this.deadlines = deadlines;
    this.random = new SplittableRandom(ticker.nanos());
    this.gapNanos = loops * SECOND_NANOS / ADMITTED_PER_SECOND;
    this.turnNanos = ticker.nanos();
  }

  /** What is open on all loops per service; whoever admits one more acquires a place here. */
  public Ceilings ceilings() {
    return ceilings;
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
  }

  /** WebSockets open on this loop. */
  public int open() {
    return open.size();
  }

  /** Tells those to a lost region to come back elsewhere, each in its turn. */
  public void moved(String region) {
    open.stream().filter(tunnel -> tunnel.origin().region().equals(region)).forEach(this::move);
  }

  /** Likewise those to a lost endpoint. */
  public void moved(EndpointHealth endpoint) {
    open.stream().filter(tunnel -> tunnel.origin().endpoint() == endpoint).forEach(this::move);
  }

  /** Likewise those whose callers leave a region that is drained. */
  public void moved(Health.Departure departure) {
    open.stream().filter(tunnel -> tunnel.leaves(departure)).forEach(this::move);
  }

  /** Likewise those whose users belong to another region by the latest map. */
  public void follow() {
    open.stream().filter(Tunnel::isLeftBehind).forEach(this::move);
  }

  /** Likewise all. */
  public void drain() {
    open.forEach(this::move);
  }

  /**
   * Tells one to come back elsewhere, at a random moment: a few leave at once, many as fast as they
   * can be taken in.
   */
  void move(Tunnel tunnel) {
    tunnel.moveAt(nextTurn());
  }

  /** When the next one of this loop that has to come back elsewhere is told so. */
  public long nextTurn() {
    turnNanos = Math.max(ticker.nanos(), turnNanos) + random.nextLong(2 * gapNanos);
    return turnNanos;
  }
}
