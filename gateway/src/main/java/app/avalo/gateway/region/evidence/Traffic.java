package app.avalo.gateway.region.evidence;

import app.avalo.gateway.filter.time.Ticker;

/** What live traffic tells of one endpoint, read from its running totals. Control loop only. */
public final class Traffic {
  private final Ticker ticker;
  private final Totals totals;
  private final TrafficWindow window = new TrafficWindow();
  private final Latencies latencies = new Latencies();
  private final Silence silence = new Silence();
  private long touches; // attempts that ended by the last look
  private long touchedNanos;
  private long rollNanos;

  /** Counted by every loop since the start. */
  public interface Totals {
    /** Requests whose answers are or were awaited. */
    long sentSoFar();

    /** Of them, those that ended. */
    long settledSoFar();

    long successes();

    long failures();

    LatencyCounts latencies();
  }

  public Traffic(Ticker ticker, Totals totals) {
    this.ticker = ticker;
    this.totals = totals;
    long now = ticker.nanos();
    this.touchedNanos = now;
    this.rollNanos = now + Latencies.WINDOW.toNanos();
    silence.restart(now);
  }

  /** Listens; nanoseconds of silence that cannot be believed, or 0. */
  public long listen() {
    long now = ticker.nanos();
    long answered = totals.successes();
    long touched = answered + totals.failures();
    if (touched != touches) {
      touches = touched;
      touchedNanos = now;
    }
    return silence.look(now, totals.sentSoFar(), totals.settledSoFar(), answered, latencies);
  }

  /** Takes a sample for rates and times; every quarter of a second. */
  public void sample() {
    window.sample(totals.successes(), totals.failures());
    long now = ticker.nanos();
    if (now - rollNanos >= 0) {
      rollNanos = now + Latencies.WINDOW.toNanos();
      latencies.roll(totals.latencies());
    }
  }

  /** What failed until now counts no more. */
  public void forgive() {
    window.restart(totals.successes(), totals.failures());
  }

  /** This process stood still: nobody kept anybody waiting. */
  public void doubt() {
    silence.restart(ticker.nanos());
  }

  /** Whether at least half of enough attempts failed. */
  public boolean isFailing() {
    return window.failing();
  }

  /** Whether anything succeeded lately. */
  public boolean isBusy() {
    return window.busy();
  }

  /** Whether answers take far longer than they used to. */
  public boolean isSlow() {
    return latencies.isSlow();
  }

  /** When an attempt last succeeded or failed, to a look. */
  public long touchedNanos() {
    return touchedNanos;
  }
}
