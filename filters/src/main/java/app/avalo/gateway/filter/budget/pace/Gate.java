package app.avalo.gateway.filter.budget.pace;

/**
 * Lets shares of requests pass, critical services and others each evenly. Guarded by its term, but
 * for {@link #lets}.
 */
public final class Gate {
  private final Ramp critical = new Ramp();
  private final Ramp other = new Ramp();
  private volatile Shares shares = Shares.ALL;
  private volatile long criticalShare = Ramp.ONE;
  private volatile long otherShare = Ramp.ONE;

  /** From now on these pass. */
  public void open(Shares next) {
    shares = next;
    criticalShare = Ramp.of(next.critical());
    otherShare = Ramp.of(next.other());
  }

  public Shares shares() {
    return shares;
  }

  /** Whether nobody passes but floors. */
  public boolean isShut() {
    return shares == Shares.NONE;
  }

  /** Whether any passes at all; safe from every thread. */
  public boolean lets(Standing standing) {
    return share(standing) > 0;
  }

  /** Whether a request passes. */
  public boolean take(Standing standing) {
    return ramp(standing).take(share(standing));
  }

  /** What {@link #take} would say, which changes nothing. */
  public boolean peek(Standing standing) {
    return ramp(standing).peek(share(standing));
  }

  /** A request went elsewhere instead of being refused here. */
  public void miss(Standing standing) {
    ramp(standing).miss(share(standing));
  }

  /** A request that passed here was refused elsewhere. */
  public void giveBack(Standing standing) {
    ramp(standing).giveBack(share(standing));
  }

  private Ramp ramp(Standing standing) {
    return standing == Standing.CRITICAL ? critical : other;
  }

  private long share(Standing standing) {
    return switch (standing) {
      case FLOOR -> Ramp.ONE;
      case CRITICAL -> criticalShare;
      case OTHER -> otherShare;
    };
  }
}
