package app.avalo.gateway.region.evidence;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.probe.Prober.Outcome;
import app.avalo.gateway.region.probe.Prober.Result;
import app.avalo.gateway.region.probe.SelfDoubt;

/** Checks that ended alike in a row, since the last change of state. Control loop only. */
public final class CheckRun {
  /** Checks that were refused or reset convict after this many; nobody serves there. */
  public static final int REFUSED = 2;

  private final Ticker ticker;
  private int misses;
  private int refusals;
  private int silences;
  private int successes;
  private long firstSuccessNanos;
  private long checks; // since the start
  private long failedChecks; // since the start

  public CheckRun(Ticker ticker) {
    this.ticker = ticker;
  }

  /** Begins a new run. */
  public void restart() {
    misses = 0;
    refusals = 0;
    silences = 0;
    successes = 0;
  }

  /** Notes that a check ended, for the totals only. */
  public void total(Result result) {
    checks++;
    failedChecks += result.ok() ? 0 : 1;
  }

  /** Adds a check to the run. */
  public void add(Result result) {
    if (result.ok()) {
      if (successes++ == 0) {
        firstSuccessNanos = ticker.nanos();
      }
      misses = 0;
      refusals = 0;
      silences = 0;
    } else {
      successes = 0;
      misses++;
      silences += result.outcome() == Outcome.SILENT ? 1 : 0;
      refusals = result.outcome() == Outcome.REFUSED ? refusals + 1 : 0;
    }
  }

  /** Whether this many misses, or fewer refusals, are reached. */
  public boolean convicts(int failures) {
    return misses >= failures || refuses(failures);
  }

  /** The same for a process that may doubt itself; a refusal is heard by whoever hears badly. */
  public boolean convicts(int failures, SelfDoubt doubt) {
    return refuses(failures) ? !doubt.stoodStill() : misses >= failures && !doubt.holds();
  }

  private boolean refuses(int failures) {
    return refusals >= Math.min(REFUSED, failures);
  }

  /** Whether the endpoint answered this often over this long. */
  public boolean recovered(int wanted, long spanNanos) {
    return successes >= wanted && ticker.nanos() - firstSuccessNanos >= spanNanos;
  }

  /** Whether no check of the run heard anything, not even a refusal. */
  public boolean isSilent() {
    return successes == 0 && silences == misses;
  }

  /** Whether no check of the run failed. */
  public boolean clean() {
    return misses == 0;
  }

  public int successes() {
    return successes;
  }

  public long checks() {
    return checks;
  }

  public long failedChecks() {
    return failedChecks;
  }
}
