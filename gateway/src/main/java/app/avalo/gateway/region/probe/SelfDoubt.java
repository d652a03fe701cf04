package app.avalo.gateway.region.probe;

import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;

/**
 * Whether this process is the suspect: it stood still, its loop runs late, or at least half of the
 * regions, two or more, fell silent at once. Then nothing is convicted and checks get twice their
 * time (Lifeguard, Dadgar and others 2018; algorithms 3.2). Nor is a silence held against anybody
 * that this process may have caused, see {@link #excuses}. Control loop only.
 */
public final class SelfDoubt {
  public static final long PAUSE_NANOS = Duration.ofMillis(300).toNanos();
  public static final long HOLD_NANOS = Duration.ofSeconds(1).toNanos();
  static final long LAG_NANOS = Duration.ofMillis(100).toNanos();
  static final long LAG_HOLD_NANOS = Duration.ofMillis(300).toNanos();

  /** A tick that is late by less is none that was lost. */
  static final long LAPSE_NANOS = Duration.ofMillis(10).toNanos();

  /** Lapses that are remembered; a check does not outlast them. */
  private static final int LAPSES = 64;

  private final Ticker ticker;
  private final long stepNanos;
  private final long[] lapseEnds = new long[LAPSES];
  private final long[] lapses = new long[LAPSES];
  private int lapsesSoFar;
  private long lastTickNanos;
  private long holdUntilNanos;
  private long pausedUntilNanos;
  private long blindUntilNanos;
  private boolean blind;

  /** A watch that expects a tick every step. */
  public SelfDoubt(Ticker ticker, Duration step) {
    this.ticker = ticker;
    this.stepNanos = step.toNanos();
    this.lastTickNanos = ticker.nanos();
    this.holdUntilNanos = lastTickNanos;
    this.pausedUntilNanos = lastTickNanos;
    this.blindUntilNanos = lastTickNanos;
  }

  /** Notes that the loop runs; true if it stood still before. */
  public boolean tick() {
    long now = ticker.nanos();
    boolean paused = lateNanos(now) > PAUSE_NANOS;
    if (paused) {
      hold(now + HOLD_NANOS);
      pausedUntilNanos = now + HOLD_NANOS;
    } else if (lateNanos(now) > LAG_NANOS) {
      hold(now + LAG_HOLD_NANOS);
    }
    if (lateNanos(now) > LAPSE_NANOS) {
      lapseEnds[lapsesSoFar % LAPSES] = now;
      lapses[lapsesSoFar++ % LAPSES] = lateNanos(now);
    }
    lastTickNanos = now;
    return paused;
  }

  private void hold(long untilNanos) {
    if (untilNanos - holdUntilNanos > 0) {
      holdUntilNanos = untilNanos;
    }
  }

  /**
   * Notes how many regions do not say anything, not even no.
   *
   * @param silent of them, not counting those that are out already
   * @param regions all that are not out, the silent ones included
   * @return whether that has just become too many to be believed
   */
  public boolean silent(int silent, int regions) {
    boolean before = blind;
    blind = silent >= 2 && silent * 2 >= regions;
    if (before) {
      blindUntilNanos = ticker.nanos();
    }
    return blind && !before;
  }

  /** Whether silence convicts nobody; also true within a lapse that no tick has noticed yet. */
  public boolean holds() {
    long now = ticker.nanos();
    return blind || now - holdUntilNanos < 0 || lateNanos(now) > LAG_NANOS;
  }

  /**
   * Whether even refusals convict nobody, since whoever waited for this process in vain may have
   * hung up.
   */
  public boolean stoodStill() {
    long now = ticker.nanos();
    return now - pausedUntilNanos < 0 || lateNanos(now) > PAUSE_NANOS;
  }

  /**
   * Whether a check that heard nothing may owe that to this process: it was blind meanwhile, or ran
   * for less of that time than an answer may take.
   */
  public boolean excuses(long sentNanos, Duration patience) {
    if (blind || blindUntilNanos - sentNanos > 0) {
      return true;
    }
    long lost = lostNanos(sentNanos);
    return lost > 0 && ticker.nanos() - sentNanos - lost < patience.toNanos();
  }

  /** How long this process did not run since then. */
  private long lostNanos(long sinceNanos) {
    long now = ticker.nanos();
    long late = lateNanos(now);
    long lost = late > LAPSE_NANOS ? Math.min(late, now - sinceNanos) : 0;
    for (int i = Math.max(0, lapsesSoFar - LAPSES); i < lapsesSoFar; i++) {
      long within = lapseEnds[i % LAPSES] - sinceNanos;
      lost += within > 0 ? Math.min(within, lapses[i % LAPSES]) : 0;
    }
    return lost;
  }

  private long lateNanos(long now) {
    return now - lastTickNanos - stepNanos;
  }
}
