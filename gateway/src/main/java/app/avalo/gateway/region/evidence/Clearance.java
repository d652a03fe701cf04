package app.avalo.gateway.region.evidence;

/**
 * A check's word for an endpoint against which traffic spoke: it holds until traffic goes on to
 * fail without any success. Control loop only.
 */
public final class Clearance {
  /** Failures in a row that outweigh the check. */
  public static final int REFUTED = 5;

  private final Traffic.Totals totals;
  private boolean given;
  private long successes; // totals when it was given
  private long failures;

  public Clearance(Traffic.Totals totals) {
    this.totals = totals;
  }

  /** A check answered; given again without any success since, it counts from the first time. */
  public void give() {
    if (!given || totals.successes() != successes) {
      successes = totals.successes();
      failures = totals.failures();
    }
    given = true;
  }

  public void withdraw() {
    given = false;
  }

  public boolean isGiven() {
    return given;
  }

  /** Whether requests went on to fail. */
  public boolean isRefuted() {
    return given && totals.successes() == successes && totals.failures() - failures >= REFUTED;
  }
}
