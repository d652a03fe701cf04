package app.avalo.gateway.filter.redis;

/** Redis did not answer in time. Made per failure without a stack trace. */
public final class StoreUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** How far the call came. */
  public enum How {
    /** It never left, so nothing came of it. */
    UNSENT,
    /** Likewise, as Redis is there but has been too slow of late to be asked. */
    SLOW,
    /** Redis is there but silent so far; perhaps it did what it was asked, or will. */
    LATE,
    /** Redis refused it, or the connection ended. */
    FAILED
  }

  private final How how;

  public StoreUnavailable(String reason) {
    this(How.FAILED, reason);
  }

  public StoreUnavailable(How how, String reason) {
    super(reason, null, false, false);
    this.how = how;
  }

  /** Whether nothing can have come of the call. */
  public boolean unsent() {
    return how == How.UNSENT || how == How.SLOW;
  }

  /** Whether Redis is there all the same: others may be answered meanwhile. */
  public boolean late() {
    return how == How.LATE || how == How.SLOW;
  }
}
